import { describe, expect, test } from "vitest";
import { fileFailure, isBusy } from "./failure.ts";

function systemError(code: string): Error {
	return Object.assign(new Error(`${code}: it failed, mkdir '/data'`), { code });
}

function sqliteError(errcode: number): Error {
	return Object.assign(new Error("it failed"), { code: "ERR_SQLITE_ERROR", errcode });
}

describe("fileFailure", () => {
	test.each(["EACCES", "EPERM", "EROFS"])("%s says that the folder may not be written", (code) => {
		expect(fileFailure("/data", systemError(code))).toMatchObject({
			code: "failed_precondition",
			message:
				'"/data" may not be written: name a folder that can be written, such as sqlite:/tmp/allium, where this one is named, or else in ALLIUM_URL',
		});
	});

	test.each([
		[8, "failed_precondition", "it may not be written"],
		[11, "failed_precondition", "it is damaged; stop everything that uses it and delete it"],
		// The fault ends by itself, or when somebody makes room, so the operations that it stops are not given up for good.
		[13, "unavailable", "the disk is full; make room"],
		[14, "failed_precondition", "it cannot be opened"],
		[26, "failed_precondition", "it is not a database"],
		// SQLITE_IOERR_READ, an extended code.
		[266, "unavailable", "if its -wal or -shm file was deleted, delete it too"],
	])("the code %i of SQLite is %s: %s", (errcode, code, message) => {
		const error = fileFailure("/data/registry.db", sqliteError(errcode));
		expect(error.code).toBe(code);
		expect(error.message).toContain(message);
		expect(error.message).toContain('"/data/registry.db"');
	});

	test("an unknown failure keeps its own words", () => {
		const error = fileFailure("/data", systemError("ENOSPC"));
		expect(error).toMatchObject({ code: "unavailable" });
		expect(error.message).toContain("ENOSPC: it failed");
	});
});

test("only a file that others hold is busy", () => {
	// SQLITE_BUSY, SQLITE_LOCKED, SQLITE_BUSY_RECOVERY, SQLITE_BUSY_SNAPSHOT
	for (const code of [5, 6, 261, 517]) expect(isBusy(sqliteError(code))).toBe(true);
	for (const error of [sqliteError(26), systemError("EBUSY"), undefined]) expect(isBusy(error)).toBe(false);
});
