import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync, Visitor } from "rolldown/utils";
import { rawTimers } from "./raw-timers.ts";

/** A source file, and all modules that it names. */
export interface SourceFile {
	/** Relative to the repository, with slashes. */
	readonly path: string;
	/** Whether it is run or read only in development: a test, a type test, a configuration. */
	readonly isTest: boolean;
	/** The modules that its imports and exports name, for values and for types, static and dynamic, each once. */
	readonly imports: readonly string[];
	/** The imports that remain when it runs: all except those of types alone. */
	readonly loads: readonly string[];
	/** Every string in the file. A package may be loaded by a name that is passed around. */
	readonly strings: ReadonlySet<string>;
	/** The timers that the file sets with a delay that it was given. */
	readonly rawTimers: readonly string[];
}

/** Templates are separate projects, and a package only carries them. */
const skipped = new Set(["node_modules", "dist", "coverage", "templates"]);

/** Returns the source files of a folder. It skips hidden folders and separate projects. */
export function sourceFiles(root: string, folder: string): SourceFile[] {
	return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
		const path = `${folder}/${entry.name}`;
		if (entry.isDirectory()) {
			const apart = existsSync(join(root, path, "package.json"));
			return apart || skipped.has(entry.name) || entry.name.startsWith(".") ? [] : sourceFiles(root, path);
		}
		return /\.[cm]?[jt]sx?$/.test(entry.name) ? [read(path, readFileSync(join(root, path), "utf8"))] : [];
	});
}

/**
 * Reads the imports of a file.
 *
 * @throws Error when it cannot be parsed.
 */
export function read(path: string, code: string): SourceFile {
	const { program, errors } = parseSync(path, code);
	const [error] = errors;
	if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`);
	const imports = new Set<string>();
	const loads = new Set<string>();
	const strings = new Set<string>();
	const add = (source: { readonly type: string; readonly value?: unknown } | null, kind?: string): void => {
		if (source?.type !== "Literal" || typeof source.value !== "string") return;
		imports.add(source.value);
		if (kind !== "type") loads.add(source.value);
	};
	new Visitor({
		ImportDeclaration: ({ source, importKind }) => add(source, importKind),
		ExportAllDeclaration: ({ source, exportKind }) => add(source, exportKind),
		ExportNamedDeclaration: ({ source, exportKind }) => add(source, exportKind),
		ImportExpression: ({ source }) => add(source),
		TSImportType: ({ source }) => add(source, "type"),
		Literal: ({ value }) => {
			if (typeof value === "string") strings.add(value);
		},
	}).visit(program);
	return {
		path,
		isTest: isTest(path),
		imports: [...imports],
		loads: [...loads],
		strings,
		rawTimers: rawTimers(program),
	};
}

function isTest(path: string): boolean {
	return /\.(test|test-d|config)\.[cm]?[jt]s$|\/(test|tests|fixtures)\//.test(path);
}
