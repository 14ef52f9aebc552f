import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Loads a module that the user names, and returns the values that it exports.
 *
 * @param file as the user wrote it: relative to the folder in which the command runs.
 * @throws Error that says in a sentence why it cannot be loaded.
 */
export async function moduleExports(file: string, cwd: string): Promise<unknown[]> {
	const path = resolve(cwd, file);
	const found = statSync(path, { throwIfNoEntry: false });
	if (found === undefined) throw new Error(`there is no file ${path}`);
	if (found.isDirectory()) throw new Error("it is a folder, and not a module");
	const exported: object = await import(pathToFileURL(path).href);
	return Object.values(exported);
}
