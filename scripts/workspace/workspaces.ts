import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package of this repository. */
export interface Workspace {
	readonly name: string;
	/** The path relative to the repository, with slashes: `packages/core`. */
	readonly folder: string;
	readonly manifest: Manifest;
}

export interface Manifest {
	readonly name: string;
	readonly private?: boolean;
	readonly version?: string;
	readonly exports?: Readonly<Record<string, unknown>>;
	readonly dependencies?: Readonly<Record<string, string>>;
	readonly devDependencies?: Readonly<Record<string, string>>;
	readonly optionalDependencies?: Readonly<Record<string, string>>;
	readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The packages that the root's `workspaces` name. A pattern is a folder, or all folders in one (`packages/*`). */
export function workspaces(root: string): Workspace[] {
	const { workspaces: patterns } = readJson(join(root, "package.json")) as { workspaces: readonly string[] };
	return patterns
		.flatMap((pattern) => (pattern.endsWith("/*") ? foldersIn(root, pattern.slice(0, -2)) : [pattern]))
		.filter((folder) => existsSync(join(root, folder, "package.json")))
		.map((folder) => {
			const manifest = readJson(join(root, folder, "package.json")) as Manifest;
			return { name: manifest.name, folder, manifest };
		});
}

function foldersIn(root: string, parent: string): string[] {
	const path = join(root, parent);
	if (!existsSync(path)) return [];
	return readdirSync(path)
		.sort()
		.map((name) => `${parent}/${name}`);
}

function readJson(path: string): unknown {
	return JSON.parse(readFileSync(path, "utf8"));
}
