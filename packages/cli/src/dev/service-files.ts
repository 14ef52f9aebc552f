import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { usageError } from "../command/command-error.ts";

/** A program to run, and the label of its lines. */
export interface ServiceFile {
	readonly label: string;
	/** The absolute path. */
	readonly file: string;
}

/** The main programs of a folder, in order of preference. */
const mains = ["main.ts", "main.mts", "main.js", "main.mjs"];

/** Folders without services of this project. */
const skipped = new Set(["node_modules", "dist", "build", "coverage", "fixtures", "test", "tests"]);

/** Folder names that say nothing about what is in them. */
const anonymous = new Set(["src", "lib", "bin", "dist"]);

/**
 * Returns the programs to run: those that were named, else those that package.json lists under `allium.services`, else
 * every `main.ts` or `main.js` below the folder.
 *
 * @throws CommandError when one does not exist, or there is none.
 */
export function serviceFiles(named: readonly string[], cwd: string): ServiceFile[] {
	const files = named.length > 0 ? named.map((name) => program(name, cwd)) : (listed(cwd) ?? found(cwd));
	if (files.length === 0) {
		throw usageError("There is no main.ts or main.js below this folder; name the files of your services.", [
			"Usage: allium dev [files…] [options]",
		]);
	}
	return labelled(files, cwd);
}

/** Returns the named file, or the main program of the named folder. */
function program(name: string, cwd: string): string {
	const path = resolve(cwd, name);
	const stats = statSync(path, { throwIfNoEntry: false });
	if (stats === undefined) throw usageError(`There is no file ${name}.`);
	if (!stats.isDirectory()) return path;
	const main = mainOf(path);
	if (main === undefined) throw usageError(`There is no main.ts or main.js in the folder ${name}.`);
	return main;
}

function mainOf(folder: string): string | undefined {
	return mains.map((name) => join(folder, name)).find((file) => existsSync(file));
}

/** Returns the programs that package.json lists, or undefined if it lists none. */
function listed(cwd: string): string[] | undefined {
	const path = join(cwd, "package.json");
	if (!existsSync(path)) return undefined;
	let patterns: unknown;
	try {
		patterns = JSON.parse(readFileSync(path, "utf8"))?.allium?.services;
	} catch {
		throw usageError(`${path} is not JSON; correct it, or name the files of your services.`);
	}
	if (patterns === undefined) return undefined;
	if (!Array.isArray(patterns) || !patterns.every((pattern) => typeof pattern === "string")) {
		throw usageError(`"allium": { "services": … } in ${path} must be an array of file names or patterns.`);
	}
	return [...new Set(patterns.flatMap((pattern) => globSync(pattern, { cwd }).sort()))].map((file) =>
		program(file, cwd),
	);
}

function found(cwd: string): string[] {
	const exclude = (path: string): boolean => skipped.has(basename(path)) || basename(path).startsWith(".");
	const folders = globSync(`**/{${mains.join(",")}}`, { cwd, exclude }).map((file) =>
		dirname(join(cwd, file)),
	);
	return [...new Set(folders)].sort().flatMap((folder) => mainOf(folder) ?? []);
}

/**
 * Gives each program a name: that of its folder or file, or its path if that is ambiguous. Identical programs get a
 * number.
 */
function labelled(files: readonly string[], cwd: string): ServiceFile[] {
	const short = new Map([...new Set(files)].map((file) => [file, shortName(file)]));
	const counts = new Map<string, number>();
	return files.map((file) => {
		const name = short.get(file) ?? file;
		const isUnique = [...short.values()].filter((other) => other === name).length === 1;
		const label = isUnique ? name : relative(cwd, file);
		const count = (counts.get(label) ?? 0) + 1;
		counts.set(label, count);
		return { label: count === 1 ? label : `${label} ${count}`, file };
	});
}

function shortName(file: string): string {
	if (!mains.includes(basename(file))) return basename(file, extname(file));
	const folder = dirname(file);
	return basename(anonymous.has(basename(folder)) ? dirname(folder) : folder);
}
