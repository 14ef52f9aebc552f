import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ServiceError } from "@allium/core";
import { fileFailure } from "./failure.ts";

/** The name of the default folder. */
const folderName = ".allium";

/**
 * The folder that a `sqlite:` URL names. This creates nothing.
 *
 * - `sqlite:` is `.allium` in the nearest ancestor of `cwd` that has one, else in the root of the npm workspace
 *   around it, else in `cwd`.
 * - `sqlite:./folder`, `sqlite:/folder` and `sqlite:///folder` name the folder itself.
 *
 * @param cwd Default: the current folder of the process.
 * @throws ServiceError `invalid_argument` for a text that is not such a URL.
 */
export function dataFolder(url: string, cwd: string = process.cwd()): string {
	const path = url.startsWith("sqlite:") ? url.slice("sqlite:".length) : undefined;
	if (path === undefined || /[?#]/.test(path) || /^\/\/(?!\/)/.test(path)) throw unknownForm(url);
	try {
		if (path.startsWith("///")) return fileURLToPath(`file:${path}`);
		if (path !== "") return resolve(cwd, decodeURIComponent(path));
	} catch (cause) {
		throw unknownForm(url, cause);
	}
	const from = resolve(cwd);
	const home =
		nearest(from, (folder) => isFolder(join(folder, folderName))) ?? nearest(from, isWorkspace) ?? from;
	return join(home, folderName);
}

/**
 * Makes sure that a folder exists, readable by this user alone. A folder that it makes is hidden from git.
 *
 * @throws ServiceError `failed_precondition` when it cannot be made.
 */
export function createFolder(folder: string): void {
	try {
		if (makeFolders(folder)) writeFileSync(join(folder, ".gitignore"), "*\n");
	} catch (error) {
		throw fileFailure(folder, error);
	}
}

/**
 * Returns whether it made the folder, rather than found it. It does not use `mkdir` with `recursive`, which never
 * returns where the system claims that an existing parent does not exist, as in /proc.
 */
function makeFolders(folder: string): boolean {
	if (isFolder(folder)) return false;
	const parent = dirname(folder);
	if (parent !== folder && !existsSync(parent)) makeFolders(parent);
	try {
		mkdirSync(folder, { mode: 0o700 });
		return true;
	} catch (error) {
		// Another process was faster.
		if (isFolder(folder)) return false;
		throw error;
	}
}

function nearest(folder: string, fits: (folder: string) => boolean): string | undefined {
	if (fits(folder)) return folder;
	const parent = dirname(folder);
	return parent === folder ? undefined : nearest(parent, fits);
}

function isFolder(path: string): boolean {
	try {
		return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
	} catch {
		// A part of the path is a file, or may not be read.
		return false;
	}
}

/** Whether a folder is the root of an npm workspace. */
function isWorkspace(folder: string): boolean {
	try {
		const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
		return typeof manifest === "object" && manifest !== null && "workspaces" in manifest;
	} catch {
		return false;
	}
}

function unknownForm(url: string, cause?: unknown): ServiceError {
	const message = `"${url}" names no folder: write sqlite: for the default one, sqlite:./folder or sqlite:///folder`;
	return new ServiceError({ code: "invalid_argument", message, cause });
}
