import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { triedInstances } from "../balancer/tried-instances.ts";
import { CallScope } from "../context/call-scope.ts";
import { Context } from "../context/context.ts";
import { ResponseMetadata } from "../context/response.ts";
import { sleep } from "../context/sleep.ts";
import type { Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { RetryBudget } from "../resilience/retry-budget.ts";
import { held, methods, wrapped } from "./fixtures/methods.ts";
import { type HedgeOptions, hedge } from "./hedge.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const background = Context.background();
const failure = (code: "unavailable" | "not_found") => new ServiceError({ code });

function hedged(options: HedgeOptions = { afterMs: 100 }, method: Method = methods.read) {
	const { endpoint, calls } = held();
	const next = vi.fn(endpoint);
	const call = wrapped(hedge(options), next, method);
	return { next, calls, call: (ctx = background) => call({}, ctx).catch((error: unknown) => error) };
}

describe("a call that is answered soon", () => {
	test("is made once, and leaves no timer", async () => {
		const { call, calls } = hedged();
		const answer = call();
		calls[0]?.resolve("first");
		expect([await answer, vi.getTimerCount()]).toEqual(["first", 0]);
	});

	test("and fails is made once, too", async () => {
		const { call, calls } = hedged();
		const answer = call();
		calls[0]?.reject(failure("unavailable"));
		expect([await answer, vi.getTimerCount()]).toMatchObject([{ code: "unavailable" }, 0]);
	});
});

describe("a call that takes long", () => {
	async function late(method: Method = methods.read) {
		const two = hedged({ afterMs: 100 }, method);
		const answer = two.call(background["~with"]({ scope: new CallScope() }));
		await vi.advanceTimersByTimeAsync(100);
		const context = (attempt: number) => two.next.mock.calls[attempt]?.[1];
		return { ...two, answer, context };
	}

	test.each([methods.read, methods.put])("is made again: $effect", async (method) => {
		const { calls } = await late(method);
		expect(calls).toHaveLength(2);
	});

	test.each([
		[0, 1],
		[1, 0],
	])("is answered by the first (%i), and the other (%i) is canceled", async (first, other) => {
		const { answer, calls, context } = await late();
		calls[first]?.resolve(first);
		expect(await answer).toBe(first);
		expect([context(first)?.error, context(other)?.error?.code]).toEqual([undefined, "canceled"]);
	});

	test("waits for the other when one cannot be reached", async () => {
		const { answer, calls } = await late();
		calls[0]?.reject(failure("unavailable"));
		calls[1]?.resolve("second");
		expect(await answer).toBe("second");
	});

	test("takes the callee's error for an answer", async () => {
		const { answer, calls } = await late();
		calls[1]?.reject(failure("not_found"));
		expect(await answer).toMatchObject({ code: "not_found" });
	});

	test("fails when both do", async () => {
		const { answer, calls } = await late();
		for (const call of calls) call.reject(failure("unavailable"));
		expect(await answer).toMatchObject({ code: "unavailable" });
	});

	test("shows both attempts the same list of tried instances", async () => {
		const { context } = await late();
		context(0)?.["~scope"]?.addTried("a");
		expect(triedInstances(context(1) ?? background)).toEqual(["a"]);
	});
});

test("the caller receives the metadata of the answer that it gets", async () => {
	const received = new ResponseMetadata();
	const { call, calls, next } = hedged();
	const answer = call(background.withResponse(received));
	await vi.advanceTimersByTimeAsync(100);
	next.mock.calls.forEach(([, ctx], n) => {
		ctx["~received"]?.headers.set("attempt", String(n));
	});
	calls[1]?.resolve("second");
	await answer;
	expect(received.headers.get("attempt")).toBe("1");
});

test("a caller that gave up gets no second call", async () => {
	const { ctx, cancel } = background.withCancel();
	const { call, calls } = hedged();
	call(ctx);
	cancel();
	await vi.advanceTimersByTimeAsync(100);
	expect(calls).toHaveLength(1);
});

test("without a delay of its own it waits as long as 95% of the calls take", async () => {
	const next = vi.fn<Endpoint>(async (input, ctx) => sleep((input as { ms: number }).ms, ctx));
	const endpoint = wrapped(hedge(), next, methods.read);
	const calls = Array.from({ length: 32 }, (_, n) => endpoint({ ms: n + 1 }, background));
	await vi.advanceTimersByTimeAsync(32);
	await Promise.all(calls);
	next.mockClear();
	endpoint({ ms: 1000 }, background);
	await vi.advanceTimersByTimeAsync(30);
	expect(next).toHaveBeenCalledTimes(1);
	await vi.advanceTimersByTimeAsync(1);
	expect(next).toHaveBeenCalledTimes(2);
});

test("the budget bounds second calls", async () => {
	const { call, calls } = hedged({ afterMs: 100, budget: { ratio: 0.1, minimumPerSecond: 0 } });
	for (let n = 0; n < 25; n++) call();
	await vi.advanceTimersByTimeAsync(100);
	expect(calls).toHaveLength(25 + 2);
});

test("a budget may be shared, and is then filled by the other", async () => {
	const budget = new RetryBudget({ ratio: 1, minimumPerSecond: 0 });
	const { call, calls } = hedged({ afterMs: 100, budget });
	budget.deposit();
	for (let n = 0; n < 5; n++) call();
	await vi.advanceTimersByTimeAsync(100);
	expect([calls.length, budget.withdraw()]).toEqual([5 + 1, false]);
});

test.each([methods.write, methods.watch, methods.upload, methods.chat])("$name passes through", (method) => {
	const next: Endpoint = async () => {};
	expect(hedge()(next, method)).toBe(next);
});
