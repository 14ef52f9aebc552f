import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { bulkhead } from "./bulkhead.ts";
import { held, methods, wrapped } from "./fixtures/methods.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const background = Context.background();
const full = { code: "resource_exhausted", reason: "bulkhead_full" };

function room(concurrency: number, queue?: number) {
	const { endpoint: next, calls } = held();
	const middleware = bulkhead({ concurrency, ...(queue !== undefined && { queue }) });
	const endpoint = wrapped(middleware, next, methods.write);
	const call = (ctx = background) => endpoint({}, ctx).catch((error: unknown) => error);
	return { middleware, calls, call };
}

test("as many calls as allowed go in, and the next is refused at once", async () => {
	const { call, calls } = room(2);
	call();
	call();
	expect(await call()).toMatchObject(full);
	expect(calls).toHaveLength(2);
});

test.each(["resolve", "reject"] as const)("a call that has ended makes room: %s", async (end) => {
	const { call, calls } = room(1);
	const first = call();
	calls[0]?.[end](new Error("ended"));
	await first;
	call();
	expect(calls).toHaveLength(2);
});

test("calls wait for their turn, in order", async () => {
	const { call, calls } = room(1, 2);
	const [first, second, third] = [call(), call(), call()];
	expect(await call()).toMatchObject(full);
	calls[0]?.resolve(1);
	expect(await first).toBe(1);
	await vi.waitFor(() => expect(calls).toHaveLength(2));
	calls[1]?.resolve(2);
	expect(await second).toBe(2);
	await vi.waitFor(() => expect(calls).toHaveLength(3));
	calls[2]?.resolve(3);
	expect(await third).toBe(3);
});

test("a call whose time runs out while it waits leaves the queue, and no timer", async () => {
	const { call, calls } = room(1, 1);
	const first = call();
	const waiting = call(background.withTimeout(100));
	await vi.advanceTimersByTimeAsync(100);
	expect(await waiting).toMatchObject({ code: "deadline_exceeded" });
	const next = call();
	calls[0]?.resolve(1);
	await first;
	await vi.waitFor(() => expect(calls).toHaveLength(2));
	calls[1]?.resolve(2);
	expect([await next, vi.getTimerCount()]).toEqual([2, 0]);
});

test("a call whose context has ended does not wait", async () => {
	const { call, calls } = room(1, 1);
	call();
	const { ctx, cancel } = background.withCancel();
	cancel();
	expect(await call(ctx)).toMatchObject({ code: "canceled" });
	call();
	expect([await call(), calls.length]).toMatchObject([full, 1]);
});

test("methods share the room that wraps them", async () => {
	const { middleware, call } = room(1);
	call();
	const other = wrapped(middleware, async () => "answer", methods.read);
	await expect(other({}, background)).rejects.toMatchObject(full);
});

test("a stream stays in until it has ended", async () => {
	const next = async () => [1, 2].values();
	async function* numbers() {
		yield* await next();
	}
	const endpoint = wrapped(bulkhead({ concurrency: 1 }), async () => numbers(), methods.watch);
	const stream = (await endpoint({}, background)) as AsyncIterable<unknown>;
	await expect(endpoint({}, background)).rejects.toMatchObject(full);
	expect(await Array.fromAsync(stream)).toEqual([1, 2]);
	expect(await Array.fromAsync((await endpoint({}, background)) as AsyncIterable<unknown>)).toEqual([1, 2]);
});

test.each([{ concurrency: 0 }, { concurrency: 1, queue: -1 }])(
	"what makes no sense is refused: %o",
	(options) => {
		expect(() => bulkhead(options)).toThrow(RangeError);
	},
);
