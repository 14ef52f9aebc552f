// Plain JavaScript for any Node from 14 on: it runs before the right Node is installed.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean }} Locked
 * @typedef {{ packages?: Record<string, Locked> }} Lockfile
 */

/**
 * Says why what is installed differs from the lockfile. Undefined if it does not.
 *
 * @param {string} root
 * @returns {string | undefined}
 */
export function whatIsMissing(root) {
	const installed = readLockfile(join(root, "node_modules/.package-lock.json"));
	if (installed === undefined) return "nothing is installed yet";
	const wanted = readLockfile(join(root, "package-lock.json"));
	if (wanted === undefined)
		throw new Error("package-lock.json is missing; restore it with: git checkout package-lock.json");
	const difference = firstDifference(wanted, installed);
	if (difference !== undefined) return difference;
	const gone = Object.keys(installed.packages || {}).find((path) => !existsSync(join(root, path)));
	return gone === undefined ? undefined : `${gone} is gone`;
}

/**
 * Returns the first wanted package that is missing or has another version. Packages for other platforms may be absent,
 * and packages that nobody asked for may be present.
 *
 * @param {Lockfile} wanted
 * @param {Lockfile} installed
 * @returns {string | undefined}
 */
export function firstDifference(wanted, installed) {
	const present = installed.packages || {};
	for (const [path, locked] of Object.entries(wanted.packages || {})) {
		if (path === "") continue;
		const found = present[path];
		if (found === undefined) {
			if (locked.optional !== true) return `${path} is not installed`;
		} else if (["version", "integrity", "link"].some((key) => value(locked, key) !== value(found, key))) {
			return `${path} is not ${locked.version || "the one"} of package-lock.json`;
		}
	}
	return undefined;
}

/**
 * @param {Locked} locked
 * @param {string} key
 */
function value(locked, key) {
	return /** @type {Record<string, unknown>} */ (locked)[key];
}

/**
 * @param {string} path
 * @returns {Lockfile | undefined}
 */
function readLockfile(path) {
	try {
		return JSON.parse(readFileSync(path, "utf8"));
	} catch {
		return undefined;
	}
}
