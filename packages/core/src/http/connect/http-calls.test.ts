import { afterEach, expect, test, vi } from "vitest";
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

afterEach(() => {
	vi.useRealTimers();
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

test("a call ends at its deadline, or when its caller gives it up", async () => {
	vi.useFakeTimers();
	const calls = new HttpCalls();
	const { ctx, cancel } = Context.background().withCancel();
	const [late, given, open] = [ctx.withTimeout(1_000), ctx.withTimeout(2_000), Context.background()].map(
		(each) => {
			const call = new UnaryCall(callee, each);
			return { call, code: calls.track(call).catch(({ code }) => code) };
		},
	);
	await vi.advanceTimersByTimeAsync(1_010);
	expect(await late?.code).toBe("deadline_exceeded");
	cancel();
	expect(await given?.code).toBe("canceled");
	expect(open?.call.isOver).toBe(false);
});

test("a process without calls is kept alive by no timer", () => {
	vi.useFakeTimers();
	const calls = new HttpCalls();
	const [first, second] = [1_000, 2_000].map(
		(ms) => new UnaryCall(callee, Context.background().withTimeout(ms)),
	);
	for (const call of [first, second]) if (call !== undefined) calls.track(call).catch(() => {});
	first?.failed(new Error("reset"), true);
	expect(vi.getTimerCount()).toBe(1);
	second?.failed(new Error("reset"), true);
	expect(vi.getTimerCount()).toBe(0);
});
