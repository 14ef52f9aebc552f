import { expect, test } from "vitest";
import { reportedError, reportedFacts } from "./reported.ts";

test("an error is shown as one short line, with its cause", () => {
	expect(reportedError(new Error("no\nsecond line"))).toBe("no");
	expect(reportedError(new TypeError("fetch failed", { cause: new Error("refused") }))).toBe(
		"fetch failed: refused",
	);
	expect(reportedError(new Error("x".repeat(1_000)))).toHaveLength(256);
});

test("a thrown value that is not an error, or has no message, is shown as well as can be", () => {
	expect(reportedError("down")).toBe("down");
	expect(reportedError(Object.assign(new Error(""), { code: "ECONNREFUSED" }))).toBe("ECONNREFUSED");
	expect(reportedError(Object.create(null))).toBe("failed without a message");
});

test("passwords in URLs are not shown", () => {
	expect(reportedError(new Error("cannot reach postgres://me:secret@db:5432/shop"))).toBe(
		"cannot reach postgres://***@db:5432/shop",
	);
});

test("facts are a bounded map of strings", () => {
	expect(reportedFacts({ version: "17", rows: 3, long: "x".repeat(1_000) })).toEqual({
		version: "17",
		rows: "3",
		long: `${"x".repeat(255)}…`,
	});
	const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, ""]));
	expect(Object.keys(reportedFacts(many) ?? {})).toHaveLength(32);
	expect([reportedFacts(undefined), reportedFacts({}), reportedFacts("text")]).toEqual([
		undefined,
		undefined,
		undefined,
	]);
});
