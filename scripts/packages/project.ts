import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../workspace/root.ts";
import type { Manifest } from "../workspace/workspaces.ts";
import type { Outside } from "./outside.ts";
import type { Tarball } from "./tarballs.ts";

/** The packages of a project besides Allium. */
const others = ["@types/node", "typescript", "vitest", "zod"];

/** Makes an empty project outside, and installs packages there. Resolves with its folder. */
export async function makeProject(outside: Outside, tarballs: readonly Tarball[]): Promise<string> {
	const { devDependencies = {} }: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	const dependencies = {
		...Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`])),
		...Object.fromEntries(others.map((name) => [name, devDependencies[name]])),
	};
	outside.write("project/package.json", JSON.stringify({ private: true, type: "module", dependencies }));
	const project = outside.path("project");
	await outside.npm(["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"], project);
	return project;
}
