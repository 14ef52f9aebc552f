import { isServiceError, type ServiceError } from "@allium/core";
import { backendError, refusal, unavailable } from "@allium/core/adapter";

/** Primary result codes of SQLite, https://sqlite.org/rescode.html */
const sqliteBusy = 5;
const sqliteLocked = 6;
const sqliteIoError = 10;
const sqliteFull = 13;
const sqliteProtocol = 15;
const refusals: Readonly<Record<number, string>> = {
	3: "it may not be written",
	8: "it may not be written",
	11: "it is damaged; stop everything that uses it and delete it",
	14: "it cannot be opened: is it a folder, or in a folder that may not be written?",
	26: "it is not a database; move it away or name another folder",
};

/** The advice for a folder that cannot be used. Its URL may come from a variable, an option, or nowhere. */
const elsewhere =
	"name a folder that can be written, such as sqlite:/tmp/allium, where this one is named, or else in ALLIUM_URL";

/** Tells whether another process holds the file. Then it helps to try again soon. */
export function isBusy(error: unknown): boolean {
	const code = sqliteCode(error);
	return code === sqliteBusy || code === sqliteLocked || code === sqliteProtocol;
}

/** Tells whether an error of SQLite is one of the file, and not of the statement. */
export function isOfFile(error: unknown): boolean {
	const code = sqliteCode(error);
	return (
		code !== undefined && (code === sqliteIoError || code === sqliteFull || refusals[code] !== undefined)
	);
}

/** An error of a statement that others wrote, in one sentence. An error of the file comes back unchanged. */
export function sqlFailure(error: unknown): unknown {
	if (isServiceError(error) || isBusy(error) || isOfFile(error) || sqliteCode(error) === undefined)
		return error;
	return backendError({
		code: "invalid_argument",
		reason: "sql_failed",
		message: `SQLite refuses the SQL: ${describe(error)}`,
		cause: error,
	});
}

/** The error that says in one sentence why a file or folder cannot be used, and what to do about it. */
export function fileFailure(path: string, error: unknown): ServiceError {
	const code = sqliteCode(error);
	if (code !== undefined) return sqliteFailure(path, code, error);
	switch (systemCode(error)) {
		case "EACCES":
		case "EPERM":
		case "EROFS":
			return refusal(`"${path}" may not be written: ${elsewhere}`, error);
		case "EEXIST":
		case "ENOTDIR":
			return refusal(
				`"${path}" cannot be a folder, because there is a file of that name: ${elsewhere}`,
				error,
			);
		case "ENOENT":
			return refusal(`"${path}" cannot be made: ${elsewhere}`, error);
		default: {
			const message = `"${path}" cannot be used (${describe(error)}): ${elsewhere}`;
			return unavailable(message, error);
		}
	}
}

/** The error of an operation that found the file held by others for too long. */
export function stillBusy(path: string, waitedMs: number, cause: unknown): ServiceError {
	const message = `other processes held "${path}" for ${waitedMs} ms; is one of them stopped in a debugger?`;
	return unavailable(message, cause);
}

function sqliteFailure(path: string, code: number, error: unknown): ServiceError {
	const reason = refusals[code];
	if (reason !== undefined) return refusal(`cannot use the file "${path}": ${reason}`, error);
	if (code === sqliteFull) {
		const message = `cannot use the file "${path}": the disk is full; make room`;
		return unavailable(message, error);
	}
	// This happens when somebody deleted one of the three files while they were in use. A new file repairs it.
	const hint = code === sqliteIoError ? ": if its -wal or -shm file was deleted, delete it too" : "";
	const message = `SQLite failed on "${path}" (${describe(error)})${hint}`;
	return unavailable(message, error);
}

/** The primary result code, without the additions of the extended one. */
function sqliteCode(error: unknown): number | undefined {
	if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
		return undefined;
	return error.errcode & 0xff;
}

/** The code of an error of the system, such as `ENOENT`. */
export function systemCode(error: unknown): unknown {
	return error instanceof Error && "code" in error ? error.code : undefined;
}

function describe(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
