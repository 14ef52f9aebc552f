import { expect, test } from "vitest";
import { shownError, shownFacts } from "./shown.ts";

test("an error is shown as one short line, with its cause", () => {
	expect(shownError(new Error("no\nsecond line"))).toBe("no");
	expect(shownError(new TypeError("fetch failed", { cause: new Error("refused") }))).toBe(
		"fetch failed: refused",
	);
	expect(shownError(new Error("x".repeat(1_000)))).toHaveLength(256);
});

test("what is no error, or says nothing, is shown as well as can be", () => {
	expect(shownError("down")).toBe("down");
	expect(shownError(Object.assign(new Error(""), { code: "ECONNREFUSED" }))).toBe("ECONNREFUSED");
	expect(shownError(Object.create(null))).toBe("failed without a message");
});

test("passwords in URLs are not shown", () => {
	expect(shownError(new Error("cannot reach postgres://me:secret@db:5432/shop"))).toBe(
		"cannot reach postgres://***@db:5432/shop",
	);
});

test("facts are a bounded map of strings", () => {
	expect(shownFacts({ version: "17", rows: 3, long: "x".repeat(1_000) })).toEqual({
		version: "17",
		rows: "3",
		long: `${"x".repeat(255)}…`,
	});
	const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, ""]));
	expect(Object.keys(shownFacts(many) ?? {})).toHaveLength(32);
	expect([shownFacts(undefined), shownFacts({}), shownFacts("text")]).toEqual([
		undefined,
		undefined,
		undefined,
	]);
});
