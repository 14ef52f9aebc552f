import { fileURLToPath } from "node:url";

const modules = "/node_modules/";

/**
 * The folder for compiled code: `node_modules/.cache` of the application. Only users who can change its packages can
 * write there. Undefined for Node's default, which is below the folder for temporary files, if the module is not an
 * installed one.
 *
 * @param url the URL of an installed module.
 */
export function cacheFolder(url: string): string | undefined {
	const at = url.indexOf(modules);
	return at < 0 ? undefined : fileURLToPath(`${url.slice(0, at + modules.length)}.cache/compile-cache`);
}
