import { expect, test } from "vitest";
import { reasonOf } from "./reason.ts";

test.each<[string, unknown, string]>([
	["an error", new Error("connect ECONNREFUSED 127.0.0.1:1"), "connect ECONNREFUSED 127.0.0.1:1"],
	["what is no error", "gone", "gone"],
	[
		"a host with several addresses",
		new AggregateError([
			new Error("connect ECONNREFUSED ::1:1"),
			new Error("connect ECONNREFUSED 127.0.0.1:1"),
		]),
		"connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1",
	],
	["fetch", new TypeError("fetch failed", { cause: new Error("other side closed") }), "other side closed"],
	["an error without words", Object.assign(new Error(""), { code: "ECONNRESET" }), "ECONNRESET"],
])("the reason of %s", (_, cause, reason) => {
	expect(reasonOf(cause)).toBe(reason);
});
