import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { onSettled } from "../context/on-settled.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { held, methods, wrapped } from "./fixtures/methods.ts";
import { singleFlight } from "./single-flight.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const background = Context.background();

function flights(timeoutMs?: number) {
	const { endpoint, calls } = held();
	const next = vi.fn(endpoint);
	const middleware = singleFlight(timeoutMs === undefined ? {} : { timeoutMs });
	const shared = wrapped(middleware, next, methods.read);
	return { next, calls, call: (input: unknown = {}, ctx = background) => shared(input, ctx) };
}

test("equal calls at the same time are one, and get the same answer", async () => {
	const { call, calls } = flights();
	const callers = [call({ a: 1 }), call({ a: 1 })];
	expect(calls).toHaveLength(1);
	calls[0]?.resolve("answer");
	expect(await Promise.all(callers)).toEqual(["answer", "answer"]);
});

test("they get the same error", async () => {
	const { call, calls } = flights();
	const callers = [call(), call()];
	calls[0]?.reject(new Error("failed"));
	for (const { status } of await Promise.allSettled(callers)) expect(status).toBe("rejected");
});

test("a call after that is a new one", async () => {
	const { call, calls } = flights();
	const first = call();
	calls[0]?.resolve("answer");
	await first;
	call();
	expect(calls).toHaveLength(2);
});

test("different inputs, or callers, are different calls", () => {
	const { call, calls } = flights();
	call({ a: 1 });
	call({ a: 2 });
	call({ a: 1 }, background.withMetadata({ authorization: "b" }));
	expect(calls).toHaveLength(3);
});

test("a caller that gives up leaves the shared call to the others", async () => {
	const { call, calls, next } = flights();
	const { ctx, cancel } = background.withCancel();
	const [first, second] = [call({}, ctx), call()];
	const settled = vi.fn();
	const shared = next.mock.lastCall?.[1] ?? background;
	onSettled(shared, settled);
	cancel();
	await expect(first).rejects.toMatchObject({ code: "canceled" });
	expect([shared.error, settled.mock.calls]).toEqual([undefined, []]);
	calls[0]?.resolve("answer");
	expect(await second).toBe("answer");
	expect(settled).toHaveBeenCalledExactlyOnceWith({ ok: true });
});

test("a shared call that never ends is given up, and the next is a new one", async () => {
	const { call, calls } = flights(500);
	const stuck = expect(call()).rejects.toMatchObject({ code: "deadline_exceeded" });
	await vi.advanceTimersByTimeAsync(500);
	await stuck;
	call().catch(() => {});
	expect(calls).toHaveLength(2);
});

test("each caller waits no longer than its own deadline, and leaves no timer", async () => {
	const { call, calls } = flights();
	const hasty = expect(call({}, background.withTimeout(100))).rejects.toMatchObject({
		code: "deadline_exceeded",
	});
	const patient = call();
	await vi.advanceTimersByTimeAsync(100);
	await hasty;
	calls[0]?.resolve("answer");
	expect([await patient, vi.getTimerCount()]).toEqual(["answer", 0]);
});

test("the shared call has a deadline of its own", () => {
	const { call, next } = flights(500);
	call({}, background.withTimeout(100)).catch(() => {});
	expect(next.mock.lastCall?.[1].remaining()).toBe(500);
});

test.each([methods.put, methods.write, methods.watch, methods.upload])("$name passes through", (method) => {
	const next: Endpoint = async () => {};
	expect(singleFlight()(next, method)).toBe(next);
});
