import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { CallScope } from "../context/call-scope.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { type Method, method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { chain, type Endpoint } from "../endpoint/endpoint.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { type RetryOptions, retry } from "./retry.ts";
import { timeout } from "./timeout.ts";

const C = contract("c", {
	read: method({ effect: "read" }),
	put: method({ effect: "idempotent" }),
	write: method({}),
	watch: method({ output: stream(z.int()), effect: "read" }),
	upload: method({ input: stream(z.int()), effect: "read" }),
	chat: method({ input: stream(z.int()), output: stream(z.int()), effect: "read" }),
});

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
	vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

const unavailable = () => new ServiceError({ code: "unavailable" });
const notExecuted = () => serviceErrorFrom({ code: "unavailable" }, { notExecuted: true });

/** An endpoint that fails `failures` times, each time at the next instance, and then answers. */
function flaky(failures: number, error: () => ServiceError = unavailable, instances = ["a", "b", "c", "d"]) {
	let attempts = 0;
	const at: number[] = [];
	const endpoint: Endpoint = async (_, ctx) => {
		at.push(performance.now());
		ctx["~scope"]?.addTried(instances[attempts % instances.length] ?? "");
		if (attempts++ < failures) throw error();
		return "answer";
	};
	return { endpoint, at };
}

/** Makes a call, and lets all the time pass that it takes. */
async function call(next: Endpoint, method: Method, options?: RetryOptions, outer = Context.background()) {
	const ctx = outer["~with"]({ scope: new CallScope() });
	const result = retry(options)(next, method)({}, ctx).catch((error: ServiceError) => error);
	await vi.runAllTimersAsync();
	return result;
}

describe("what failed with unavailable", () => {
	test.each([C.read, C.put])("is tried again when its effect is $effect", async (method) => {
		expect(await call(flaky(2).endpoint, method)).toBe("answer");
	});

	test("is tried three times in all", async () => {
		const { endpoint, at } = flaky(99);
		expect(await call(endpoint, C.read)).toMatchObject({ code: "unavailable" });
		expect(at).toHaveLength(3);
	});

	test("is not tried again when it writes", async () => {
		const { endpoint, at } = flaky(1);
		expect(await call(endpoint, C.write)).toMatchObject({ code: "unavailable" });
		expect(at).toHaveLength(1);
	});

	test("is tried again after a random delay under a bound that doubles", async () => {
		const { endpoint, at } = flaky(99);
		const start = performance.now();
		await call(endpoint, C.read, { attempts: 5, firstDelayMs: 100, longestDelayMs: 300 });
		expect(at.map((time) => time - start)).toEqual([0, 50, 150, 300, 450]);
	});
});

describe("what failed otherwise", () => {
	test.each(["internal", "not_found", "deadline_exceeded", "resource_exhausted"] as const)(
		"is not tried again: %s",
		async (code) => {
			const { endpoint, at } = flaky(1, () => new ServiceError({ code }));
			expect(await call(endpoint, C.read)).toMatchObject({ code });
			expect(at).toHaveLength(1);
		},
	);

	test("is not tried again when it is a bug", async () => {
		const next = vi.fn<Endpoint>(() => Promise.reject(new TypeError("bug")));
		expect(await call(next, C.read)).toBeInstanceOf(TypeError);
		expect(next).toHaveBeenCalledOnce();
	});

	test("is tried again, not before then, when the callee names a delay", async () => {
		const busy = () => new ServiceError({ code: "resource_exhausted", retryAfterMs: 3000 });
		const { endpoint, at } = flaky(1, busy);
		const start = performance.now();
		expect(await call(endpoint, C.read)).toBe("answer");
		expect(at.map((time) => time - start)).toEqual([0, 3375]);
	});

	test.each([
		[3000, [3000, 3375]],
		[4, [4, 16]],
	])(
		"comes back spread over a quarter of the delay named, or the usual one: %d ms",
		async (asked, expected) => {
			const busy = () => new ServiceError({ code: "resource_exhausted", retryAfterMs: asked });
			const delays: number[] = [];
			for (const chance of [0, 0.5]) {
				vi.mocked(Math.random).mockReturnValue(chance);
				const { endpoint, at } = flaky(1, busy);
				await call(endpoint, C.read);
				delays.push((at[1] ?? 0) - (at[0] ?? 0));
			}
			expect(delays).toEqual(expected);
		},
	);
});

describe("what provably never ran", () => {
	test("moves on to another instance at once, even when it writes", async () => {
		const { endpoint, at } = flaky(3, notExecuted);
		const start = performance.now();
		expect(await call(endpoint, C.write, { attempts: 1 })).toBe("answer");
		expect(at).toEqual([start, start, start, start]);
	});

	test("moves on free of charge once for each instance", async () => {
		const { endpoint, at } = flaky(99, notExecuted, ["a", "b"]);
		await call(endpoint, C.write, { attempts: 3 });
		// Two free failovers, then two retries that count.
		expect(at).toHaveLength(1 + 2 + 2);
	});

	test("waits before it is tried again where there is no instance at all", async () => {
		const next = vi.fn<Endpoint>(() => Promise.reject(notExecuted()));
		const start = performance.now();
		await call(next, C.write);
		expect(next).toHaveBeenCalledTimes(3);
		expect(performance.now()).toBeGreaterThan(start);
	});

	test("is not tried again when its client is closed", async () => {
		const closed = () =>
			serviceErrorFrom({ code: "unavailable", reason: "client_closed" }, { notExecuted: true });
		const { endpoint, at } = flaky(99, closed);
		await call(endpoint, C.read);
		expect(at).toHaveLength(1);
	});
});

describe("what an instance shed before its handler", () => {
	const shed = (reason: string) => () =>
		serviceErrorFrom({ code: "resource_exhausted", reason }, { notExecuted: true });

	test("moves on to another instance after a delay, even when it writes", async () => {
		const { endpoint, at } = flaky(1, shed("concurrency_limited"));
		const start = performance.now();
		expect(await call(endpoint, C.write, { firstDelayMs: 100 })).toBe("answer");
		expect(at.map((time) => time - start)).toEqual([0, 50]);
	});

	test("takes from the budget, so that overload of all does not multiply", async () => {
		const next = vi.fn<Endpoint>(() => Promise.reject(shed("bulkhead_full")()));
		const write = retry({ budget: { ratio: 0, minimumPerSecond: 0.3 } })(next, C.write);
		const calls = Promise.allSettled(Array.from({ length: 100 }, () => write({}, Context.background())));
		await vi.runAllTimersAsync();
		await calls;
		expect(next).toHaveBeenCalledTimes(100 + 3);
	});

	test("stays refused when it was for its rate", async () => {
		const { endpoint, at } = flaky(1, shed("rate_limited"));
		expect(await call(endpoint, C.write)).toMatchObject({ reason: "rate_limited" });
		expect(at).toHaveLength(1);
	});
});

describe("the budget", () => {
	test("bounds the retries of all methods together", async () => {
		const next = vi.fn<Endpoint>(() => Promise.reject(unavailable()));
		const middleware = retry({ attempts: 2, budget: { ratio: 0, minimumPerSecond: 0.3 } });
		const [read, put] = [middleware(next, C.read), middleware(next, C.put)];
		const calls = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? read : put)({}, Context.background()));
		const settled = Promise.allSettled(calls);
		await vi.runAllTimersAsync();
		await settled;
		expect(next).toHaveBeenCalledTimes(10 + 3);
	});
});

describe("the caller's context", () => {
	test("is not outlived: no retry that could not begin before the deadline", async () => {
		const { endpoint, at } = flaky(99);
		const ctx = Context.background().withTimeout(40);
		expect(await call(endpoint, C.read, { firstDelayMs: 100 }, ctx)).toMatchObject({ code: "unavailable" });
		expect(at).toHaveLength(1);
	});

	test("ends the wait when it ends, and leaves no timer", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		const { endpoint, at } = flaky(99);
		const calling = retry({ firstDelayMs: 1000 })(endpoint, C.read)({}, ctx);
		const failed = expect(calling).rejects.toMatchObject({ code: "canceled" });
		await vi.advanceTimersByTimeAsync(1);
		expect(vi.getTimerCount()).toBe(1);
		cancel();
		await failed;
		expect([at.length, vi.getTimerCount()]).toEqual([1, 0]);
	});

	test("that has ended ends the retries", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		const next = vi.fn<Endpoint>(async () => {
			cancel();
			throw unavailable();
		});
		await call(next, C.read, {}, ctx);
		expect(next).toHaveBeenCalledOnce();
	});
});

describe("a stream", () => {
	/** Opens `broken` streams that break after a number of messages, then one that is complete. */
	function streams(broken: number, messages: number) {
		let opened = 0;
		const endpoint = vi.fn<Endpoint>(async () => {
			const breaks = opened++ < broken;
			return (async function* () {
				for (let n = 1; n <= 3; n++) {
					if (breaks && n > messages) throw unavailable();
					yield n;
				}
			})();
		});
		return endpoint;
	}

	async function read(next: Endpoint) {
		const output = (await call(next, C.watch)) as AsyncIterable<unknown>;
		const reading = Array.fromAsync(output).catch((error: ServiceError) => error);
		await vi.runAllTimersAsync();
		return reading;
	}

	test("that is not accepted is opened again", async () => {
		const next = streams(0, 0);
		next.mockRejectedValueOnce(unavailable()).mockRejectedValueOnce(unavailable());
		expect(await read(next)).toEqual([1, 2, 3]);
		expect(next).toHaveBeenCalledTimes(3);
	});

	test("that breaks before its first message is opened again", async () => {
		const next = streams(2, 0);
		expect(await read(next)).toEqual([1, 2, 3]);
		expect(next).toHaveBeenCalledTimes(3);
	});

	test("that is opened again must be accepted in time, too", async () => {
		const next = streams(1, 0);
		const hanging: Endpoint = (input, ctx) =>
			next.mock.calls.length === 0
				? next(input, ctx)
				: new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.error)));
		const endpoint = chain(timeout(5_000), retry())(hanging, C.watch);
		const output = (await endpoint({}, Context.background())) as AsyncIterable<unknown>;
		const reading = Array.fromAsync(output).catch((error: ServiceError) => error);
		await vi.advanceTimersByTimeAsync(6_000);
		expect(await reading).toMatchObject({ code: "deadline_exceeded" });
		expect(vi.getTimerCount()).toBe(0);
	});

	test("that breaks after its first message is broken", async () => {
		const next = streams(1, 1);
		expect(await read(next)).toMatchObject({ code: "unavailable" });
		expect(next).toHaveBeenCalledOnce();
	});

	test("breaks out of its source when it is broken out of", async () => {
		const left = vi.fn();
		const next: Endpoint = async () =>
			(async function* () {
				try {
					yield 1;
				} finally {
					left();
				}
			})();
		for await (const _ of (await call(next, C.watch)) as AsyncIterable<unknown>) break;
		expect(left).toHaveBeenCalledOnce();
	});

	test.each([C.upload, C.chat])("is never repeated when its input is one: $kind", (method) => {
		const next: Endpoint = async () => {};
		expect(retry()(next, method)).toBe(next);
	});
});
