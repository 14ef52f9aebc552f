import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest, Workspace } from "../workspace/workspaces.ts";
import type { SourceFile } from "./source-file.ts";
import { parseSpecifier } from "./specifier.ts";

/** The packages that files import but that package.json does not declare where it must. */
export function undeclared(workspace: Workspace, files: readonly SourceFile[], root: string): string[] {
	const { manifest, name } = workspace;
	const published = new Set([
		name,
		...Object.keys(manifest.dependencies ?? {}),
		...Object.keys(manifest.peerDependencies ?? {}),
		...Object.keys(manifest.optionalDependencies ?? {}),
	]);
	const inDevelopment = new Set([
		...published,
		...Object.keys(manifest.devDependencies ?? {}),
		...Object.keys(rootManifest(root).devDependencies ?? {}),
	]);
	return files.flatMap((file) => {
		const development = file.isTest || manifest.private === true;
		const declared = development ? inDevelopment : published;
		return importedPackages(file)
			.filter((imported) => !declared.has(imported))
			.map(
				(imported) =>
					`${file.path} imports "${imported}": ${workspace.folder}/package.json does not declare it under ${development ? "devDependencies" : "dependencies"}.`,
			);
	});
}

/** The packages that package.json declares but no file imports or names. */
export function unused(workspace: Workspace, files: readonly SourceFile[]): string[] {
	const { manifest, folder } = workspace;
	const product = manifest.private === true ? files : files.filter(({ isTest }) => !isTest);
	const report = (field: string, names: readonly string[], users: readonly SourceFile[]): string[] =>
		names
			.filter((name) => !name.startsWith("@types/") && !users.some((file) => mentions(file, name)))
			.map((name) => `${folder}/package.json declares "${name}" under ${field}: nothing there imports it.`);
	return [
		...report("dependencies", Object.keys(manifest.dependencies ?? {}), product),
		...report("optionalDependencies", Object.keys(manifest.optionalDependencies ?? {}), product),
		...report("devDependencies", Object.keys(manifest.devDependencies ?? {}), files),
	];
}

function importedPackages(file: SourceFile): string[] {
	const names = file.imports.flatMap((text) => {
		const specifier = parseSpecifier(text);
		return specifier.kind === "package" ? [specifier.name] : [];
	});
	return [...new Set(names)];
}

function mentions(file: SourceFile, name: string): boolean {
	return importedPackages(file).includes(name) || file.strings.has(name);
}

function rootManifest(root: string): Manifest {
	return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}
