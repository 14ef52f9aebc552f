import { isTrouble } from "@allium/core";
import { expect, test } from "vitest";
import { failure } from "./failure.ts";

/** The error that the library throws when the server refuses a request. */
function answer(code: string, message: string): Error {
	return Object.assign(new Error(message), { name: "PostgresError", code });
}

test.each([
	[
		"53100",
		"could not extend file",
		"PostgreSQL at db:5432/shop has a full disk; make room (could not extend file)",
	],
	["53200", "out of memory", "PostgreSQL at db:5432/shop is out of memory (out of memory)"],
])(
	"a server that has run out of something, %s, is trouble: what was asked is tried again",
	(code, said, message) => {
		const failed = failure(answer(code, said), "db:5432/shop");
		expect(failed).toMatchObject({ code: "unavailable", message });
		expect(isTrouble(failed)).toBe(true);
	},
);

test("a table that somebody dropped is a refusal, with what to do", () => {
	const failed = failure(answer("42P01", 'relation "events" does not exist'), "db:5432/shop");
	expect(failed.code).toBe("failed_precondition");
	expect(failed.message).toMatch(/has lost a table of Allium; stop everything that uses the schema, drop it/);
});

test("a connection that breaks is no answer, although its code looks like one of SQL", () => {
	const broken = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
	expect(failure(broken, "db:5432/shop")).toMatchObject({
		code: "unavailable",
		message: "PostgreSQL at db:5432/shop does not answer (write EPIPE)",
	});
});
