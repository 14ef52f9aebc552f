import { fileURLToPath } from "node:url";

const modules = "/node_modules/";

/**
 * Where compiled code is kept: in `node_modules/.cache` of the application, where only those can write who can change its
 * packages, too. Undefined for the default of Node, which is below the folder for temporary files, if the module is not
 * an installed one.
 *
 * @param url the URL of an installed module.
 */
export function cacheFolder(url: string): string | undefined {
	const at = url.indexOf(modules);
	return at < 0 ? undefined : fileURLToPath(`${url.slice(0, at + modules.length)}.cache/compile-cache`);
}
