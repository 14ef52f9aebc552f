import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { type Method, method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { observeCalls } from "../transport/observe-calls.ts";
import { instance } from "./fixtures/cluster.ts";
import { Member } from "./member.ts";

const C = contract("c", {
	unary: method({}),
	watch: method({ output: stream(z.int()) }),
	upload: method({ input: stream(z.int()) }),
});
const ctx = Context.background();

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

function member(endpoint: Endpoint) {
	const load = { start: vi.fn(), end: vi.fn() };
	const peer = {
		address: "memory://a",
		endpoint: (method: Method) => observeCalls(endpoint, method),
		refusesUntil: 0,
		sharedAddress: undefined,
	};
	const share = { peer, release: vi.fn(async () => {}) };
	const paused = vi.fn();
	const onLoadFailure = vi.fn();
	const listener = {
		onPause: (_: unknown, until: number) => paused(until),
		onRefusal: vi.fn(),
		onLoadFailure,
	};
	return {
		member: new Member(instance("a", "c"), "c", load, share, listener),
		load,
		peer,
		share,
		paused,
		onLoadFailure,
	};
}

/** Answers after so many milliseconds. */
const after =
	(milliseconds: number, answer: unknown = {}): Endpoint =>
	async () => {
		vi.advanceTimersByTime(milliseconds);
		return answer;
	};

describe("the load of an instance", () => {
	test("is told how long a reply took", async () => {
		const { member: a, load } = member(after(30));
		await a.attempt(C.unary, {}, ctx);
		expect(load.start).toHaveBeenCalledOnce();
		expect(load.end).toHaveBeenCalledExactlyOnceWith({ ok: true }, 30, performance.now());
	});

	test("may throw: that is told, and the call goes on", async () => {
		const { member: a, load, onLoadFailure } = member(after(30, { v: 1 }));
		const bug = new Error("bug");
		load.start.mockImplementation(() => {
			throw bug;
		});
		load.end.mockImplementation(() => {
			throw bug;
		});
		expect(await a.attempt(C.unary, {}, ctx)).toEqual({ v: 1 });
		expect(onLoadFailure.mock.calls).toEqual([
			[a, bug],
			[a, bug],
		]);
	});

	test("is told how long a failure took, and what it was", async () => {
		const error = new ServiceError({ code: "aborted" });
		const { member: a, load } = member(() => after(5)({}, ctx).then(() => Promise.reject(error)));
		await expect(a.attempt(C.unary, {}, ctx)).rejects.toBe(error);
		expect(load.end).toHaveBeenCalledExactlyOnceWith({ ok: false, error }, 5, performance.now());
	});

	test("carries a stream to its end, but counts only the time until it was accepted", async () => {
		async function* slow() {
			vi.advanceTimersByTime(60_000);
			yield 1;
		}
		const { member: a, load } = member(after(20, slow()));
		const messages = (await a.attempt(C.watch, {}, ctx)) as AsyncIterable<unknown>;
		expect(load.end).not.toHaveBeenCalled();
		await Array.fromAsync(messages);
		expect(load.end).toHaveBeenCalledExactlyOnceWith({ ok: true }, 20, performance.now());
	});

	test("does not count the time that the caller's own stream takes", async () => {
		const { member: a, load } = member(after(60_000));
		await a.attempt(C.upload, [], ctx);
		expect(load.end).toHaveBeenCalledExactlyOnceWith({ ok: true }, 0, performance.now());
	});
});

describe("an instance that cannot be reached", () => {
	test("is passed over for a while that doubles with each failure", async () => {
		vi.spyOn(Math, "random").mockReturnValue(1);
		const { member: a, paused } = member(() => Promise.reject(new ServiceError({ code: "unavailable" })));
		const pauses: number[] = [];
		for (let failures = 0; failures < 8; failures++) {
			await a.attempt(C.unary, {}, ctx).catch(() => {});
			pauses.push(a.pausedUntil - performance.now());
			vi.advanceTimersByTime(a.pausedUntil - performance.now());
		}
		expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
		expect(paused).toHaveBeenCalledTimes(8);
		vi.restoreAllMocks();
	});

	test("is passed over as for one failure when many calls fail at once", async () => {
		const { member: a, paused } = member(() => Promise.reject(new ServiceError({ code: "unavailable" })));
		const calls = Array.from({ length: 200 }, () => a.attempt(C.unary, {}, ctx).catch(() => {}));
		await Promise.all(calls);
		expect(paused).toHaveBeenCalledOnce();
		expect(a.pausedUntil - performance.now()).toBeLessThanOrEqual(100);
	});

	test("is passed over as long as the way there refuses calls", async () => {
		const { member: a, peer } = member(() => Promise.reject(new ServiceError({ code: "unavailable" })));
		peer.refusesUntil = performance.now() + 3_000;
		await a.attempt(C.unary, {}, ctx).catch(() => {});
		expect(a.pausedUntil).toBe(peer.refusesUntil);
	});

	test("is passed over no longer when a call gets through", async () => {
		const codes = ["unavailable", "not_found", "not_found"] as const;
		const outcomes = codes.values();
		const { member: a, paused } = member(() =>
			Promise.reject(new ServiceError({ code: outcomes.next().value ?? "internal" })),
		);
		for (const _ of codes) await a.attempt(C.unary, {}, ctx).catch(() => {});
		expect(a.pausedUntil).toBe(0);
		expect(paused.mock.calls.slice(1)).toEqual([[0]]);
	});
});

describe("the way to an instance", () => {
	test("that was given up is no way for an attempt that waited meanwhile: another instance may take it", async () => {
		const { member: a } = member(after(1));
		await a.retire();
		await expect(a.attempt(C.unary, {}, ctx)).rejects.toMatchObject({
			code: "unavailable",
			reason: "instance_left",
			notExecuted: true,
		});
	});

	test("is given up once, after the last call", async () => {
		const reply = Promise.withResolvers<unknown>();
		const { member: a, share } = member(() => reply.promise);
		const call = a.attempt(C.unary, {}, ctx);
		const retired = a.retire();
		expect(share.release).not.toHaveBeenCalled();
		reply.resolve({});
		await Promise.all([call, retired]);
		await a.release();
		expect(share.release).toHaveBeenCalledOnce();
	});
});
