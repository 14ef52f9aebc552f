import { cpSync, existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../workspace/root.ts";
import { type Manifest, type Workspace, workspaces } from "../workspace/workspaces.ts";
import type { Outside } from "./outside.ts";

/** A package as npm would publish it. */
export interface Tarball {
	readonly name: string;
	readonly file: string;
	readonly manifest: Manifest;
}

/** The folders that are not copied, because the packages are built again. */
const left = new Set(["node_modules", "dist"]);

/** The packages that are published. */
export function publishedPackages(): Workspace[] {
	return workspaces(root).filter(
		({ folder, manifest }) => manifest.private !== true && existsSync(join(root, folder, "src/index.ts")),
	);
}

/** Copies all packages, and builds and packs the copies, so that nothing here changes. */
export async function packAll(outside: Outside): Promise<Tarball[]> {
	const copy = outside.path("packages");
	const tarballs = outside.path("tarballs");
	const published = publishedPackages();
	for (const { folder } of published) {
		cpSync(join(root, folder), join(copy, folder), {
			recursive: true,
			filter: (source) => !left.has(basename(source)),
		});
	}
	mkdirSync(tarballs);
	await outside.node([join(root, "scripts/build.ts"), "--into", copy], root);
	const folders = published.map(({ folder }) => join(copy, folder));
	const packed = await outside.npm(["pack", "--json", "--pack-destination", tarballs, ...folders], copy);
	const files = Object.values(JSON.parse(packed)) as { name: string; filename: string }[];
	const names = new Map(files.map(({ name, filename }) => [name, filename]));
	return published.map(({ name, manifest }) => {
		const filename = names.get(name);
		if (filename === undefined) throw new Error(`npm did not pack ${name}`);
		return { name, file: join(tarballs, filename), manifest };
	});
}
