import { readFile, stat } from "node:fs/promises";
import { errorText } from "@allium/core";
import { refusal } from "@allium/core/adapter";

/** The largest file, in bytes. */
const maxBytes = 1024 * 1024;

/**
 * Reads a file with credentials.
 *
 * @param what names it in the error, such as "the token of the service account".
 * @throws ServiceError `failed_precondition` that says which file cannot be read, and why.
 */
export async function readCredentialFile(path: string, what: string): Promise<string> {
	try {
		const { size } = await stat(path);
		if (size > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024} KiB`);
		return await readFile(path, "utf8");
	} catch (error) {
		throw refusal(`${what} cannot be read from ${path}: ${errorText(error)}`, error);
	}
}
