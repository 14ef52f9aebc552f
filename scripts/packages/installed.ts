import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Manifest } from "../workspace/workspaces.ts";

/** The packages and files that the installation of a package brings. */
export interface Installed {
	/** The folders of the package and of everything that it needs. */
	readonly packages: ReadonlySet<string>;
	readonly bytes: number;
}

/** Returns the folders and the size of a package and all its dependencies in a project where they are installed. */
export function installed(project: string, name: string): Installed {
	const packages = new Set<string>();
	const add = (from: string, needed: string, isOptional: boolean): void => {
		const folder = find(from, needed);
		if (folder === undefined) {
			if (isOptional) return;
			throw new Error(`${needed}, which ${from} needs, is not installed`);
		}
		if (packages.has(folder)) return;
		packages.add(folder);
		const manifest: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
		for (const dependency of Object.keys(manifest.dependencies ?? {})) add(folder, dependency, false);
		for (const dependency of Object.keys(manifest.optionalDependencies ?? {})) add(folder, dependency, true);
	};
	add(project, name, false);
	return { packages, bytes: [...packages].reduce((sum, folder) => sum + size(folder), 0) };
}

/** Finds a package as Node does: in the nearest node_modules that has it. */
function find(from: string, name: string): string | undefined {
	const folder = join(from, "node_modules", name);
	if (existsSync(join(folder, "package.json"))) return folder;
	return dirname(from) === from ? undefined : find(dirname(from), name);
}

/**
 * The bytes of all files in a folder. Packages that are installed inside are excluded, because they count separately.
 */
function size(folder: string): number {
	return readdirSync(folder, { withFileTypes: true })
		.filter(({ name }) => name !== "node_modules")
		.map((entry) => join(folder, entry.name))
		.reduce((sum, path) => sum + (lstatSync(path).isDirectory() ? size(path) : lstatSync(path).size), 0);
}
