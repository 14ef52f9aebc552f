import { expect, test } from "vitest";
import { reasonOf } from "./reason.ts";

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

const selfContained = new AggregateError([], "all failed");
selfContained.errors.push(selfContained);

const ownCause = new TypeError("fetch failed");
ownCause.cause = ownCause;

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
	["an error whose message is no text", Object.assign(new Error(), { message: 5 }), "5"],
	["an object without toString", Object.create(null), "a value that cannot be shown"],
	["a proxy that nobody can examine", revoked, "a value that cannot be shown"],
	["an error that contains itself", selfContained, "all failed"],
	["an error that is its own cause", ownCause, "fetch failed"],
])("the reason of %s", (_, cause, reason) => {
	expect(reasonOf(cause)).toBe(reason);
});
