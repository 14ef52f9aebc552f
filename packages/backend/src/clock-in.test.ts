import { expect, test } from "vitest";
import { clockIn } from "./clock-in.ts";

test("the header date of an answer tells the time of the server", () => {
	const headers = { date: "Thu, 26 Nov 2026 04:30:00 GMT" };
	expect(clockIn({ status: 200, headers, text: "" })).toEqual({
		now: Date.UTC(2026, 10, 26, 4, 30),
		resolutionMs: 1_000,
	});
});

test.each([[{}], [{ date: "yesterday" }]])("an answer with the headers %j tells no time", (headers) => {
	expect(clockIn({ status: 200, headers, text: "" })).toBeUndefined();
});
