import { expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import { methods } from "../../middleware/fixtures/methods.ts";
import { standardBytes } from "../../transport/pipe.ts";
import { httpCallee } from "./http-callee.ts";
import { HttpCalls } from "./http-calls.ts";
import { UnaryCall } from "./unary-call.ts";

const callee = httpCallee({
	method: methods.read,
	address: "http://x",
	maxMessageBytes: 1_000,
	bytes: standardBytes,
});

function followed(fail: "before" | "after" | "never") {
	const calls = new HttpCalls();
	const call = new UnaryCall(callee, Context.background());
	if (fail === "before") call.failed(new Error("refused"), false);
	const answer = calls.track(call).catch(({ code }) => code);
	if (fail === "after") call.failed(new Error("refused"), false);
	const abort = vi.spyOn(call, "abort");
	return { calls, answer, abort };
}

test("a call that failed while it was sent is in flight no more", async () => {
	const { calls, answer, abort } = followed("before");
	expect(await answer).toBe("unavailable");
	calls.close();
	expect(abort).not.toHaveBeenCalled();
});

test("a call that failed is in flight no more", async () => {
	const { calls, answer, abort } = followed("after");
	expect(await answer).toBe("unavailable");
	calls.close();
	expect(abort).not.toHaveBeenCalled();
});

test("a call in flight ends with its client", async () => {
	const { calls, answer } = followed("never");
	calls.close();
	expect(await answer).toBe("unavailable");
});
