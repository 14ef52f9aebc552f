import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pickedCandidate } from "../balancer/picked-instance.ts";
import { Context } from "../context/context.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Code } from "../errors/code.ts";
import { ServiceError } from "../errors/service-error.ts";
import { type CircuitBreakerOptions, circuitBreaker } from "./circuit-breaker.ts";
import { held, methods, wrapped } from "./fixtures/methods.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const background = Context.background();
const failure = (code: Code = "unavailable") => new ServiceError({ code });

/** A callee behind a breaker that opens when two of four calls fail. */
function callee(options: CircuitBreakerOptions = {}) {
	const next = vi.fn<Endpoint>(async () => "answer");
	const states: string[] = [];
	const breaker = circuitBreaker({
		minimumCalls: 4,
		onChange: (state, of) => void states.push(`${of} ${state}`),
		...options,
	});
	const endpoint = wrapped(breaker, next, methods.read);
	const call = (ctx = background) => endpoint({}, ctx).catch((error: ServiceError) => error);
	/** Makes a call for each code that fails with it; `undefined` stands for an answer. */
	const calls = async (...codes: (Code | undefined)[]) => {
		for (const code of codes) {
			if (code !== undefined) next.mockRejectedValueOnce(failure(code));
			await call();
		}
		next.mockClear();
	};
	return { next, states, breaker, endpoint, call, calls };
}

const open = { code: "unavailable", reason: "circuit_open", notExecuted: true };

describe("a circuit opens", () => {
	test("when enough of the calls fail, and then lets none through", async () => {
		const { calls, call, next, states } = callee();
		await calls(undefined, undefined, "unavailable", "internal");
		expect(await call()).toMatchObject(open);
		expect([next.mock.calls.length, states]).toEqual([0, ["c/read open"]]);
	});

	test("not before there are enough calls", async () => {
		const { calls, call } = callee();
		await calls("unavailable", "unavailable", "unavailable");
		expect(await call()).toBe("answer");
	});

	test("not for failures longer ago than the window", async () => {
		const { calls, call } = callee();
		await calls("unavailable", "unavailable", "unavailable");
		vi.advanceTimersByTime(11_000);
		await calls("unavailable");
		expect(await call()).toBe("answer");
	});

	test.each(["not_found", "invalid_argument", "resource_exhausted", "canceled"] as const)(
		"not for an error that says nothing of the callee: %s",
		async (code) => {
			const { calls, call } = callee();
			await calls(code, code, code, code);
			expect(await call()).toBe("answer");
		},
	);

	test("for outcomes that its user calls failures", async () => {
		const { calls, call } = callee({ isFailure: ({ code }) => code === "not_found" });
		await calls("not_found", "not_found", "not_found", "not_found");
		expect(await call()).toMatchObject(open);
	});
});

describe("a circuit that has been open for a while", () => {
	async function halfOpen() {
		const broken = callee();
		await broken.calls("internal", "internal", "internal", "internal");
		vi.advanceTimersByTime(5_000);
		return broken;
	}

	test("closes when the calls that it lets through succeed", async () => {
		const { calls, call, states } = await halfOpen();
		await calls(undefined, undefined, undefined);
		expect(states).toEqual(["c/read open", "c/read half_open", "c/read closed"]);
		await calls("internal", "internal", "internal");
		expect(await call()).toBe("answer");
	});

	test("opens again when one fails", async () => {
		const { calls, call } = await halfOpen();
		await calls(undefined, "internal");
		expect(await call()).toMatchObject(open);
		vi.advanceTimersByTime(5_000);
		expect(await call()).toBe("answer");
	});

	test("lets only a bounded number through at once", async () => {
		const { call, next } = await halfOpen();
		const { endpoint, calls } = held();
		next.mockImplementation(endpoint);
		for (let n = 0; n < 3; n++) call();
		expect(await call()).toMatchObject(open);
		expect(calls).toHaveLength(3);
	});

	test("lets another through for one that was given up", async () => {
		const { calls, call } = await halfOpen();
		await calls("canceled", "canceled", "canceled");
		expect(await call()).toBe("answer");
	});

	test("is not judged by calls from before it opened", async () => {
		const { call, calls, next } = callee();
		const { endpoint, calls: pending } = held();
		next.mockImplementationOnce(endpoint);
		const early = call();
		await calls("internal", "internal", "internal", "internal");
		vi.advanceTimersByTime(5_000);
		await calls(undefined);
		pending[0]?.reject(failure());
		await early;
		expect(await call()).toBe("answer");
	});
});

describe("a stream", () => {
	/** A stream that the test ends. `settle()` waits until the circuit has noted the end. */
	function streams(options: CircuitBreakerOptions = {}) {
		const opened: PromiseWithResolvers<IteratorResult<unknown>>[] = [];
		const next: Endpoint = async () => ({
			[Symbol.asyncIterator]() {
				const message = Promise.withResolvers<IteratorResult<unknown>>();
				opened.push(message);
				return { next: () => message.promise, return: async () => ({ done: true, value: undefined }) };
			},
		});
		const failing = vi.fn(next);
		const states: string[] = [];
		const breaker = circuitBreaker({ minimumCalls: 4, onChange: (state) => states.push(state), ...options });
		const endpoint = wrapped(breaker, failing, methods.watch);
		const open = async (): Promise<AsyncIterator<unknown>> =>
			((await endpoint({}, background)) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
		/** Opens a stream, and ends it in the given way. */
		const run = async (code: Code | "done" | "left"): Promise<void> => {
			const stream = await open();
			if (code === "left") await stream.return?.();
			else {
				const last = stream.next().catch(() => {});
				if (code === "done") opened.at(-1)?.resolve({ done: true, value: undefined });
				else opened.at(-1)?.reject(failure(code));
				await last;
			}
		};
		/** Fails before acceptance often enough to open the circuit, and then waits until it is half open. */
		const halfOpen = async (): Promise<void> => {
			for (let n = 0; n < 4; n++) {
				failing.mockRejectedValueOnce(failure());
				await open().catch(() => {});
			}
			vi.advanceTimersByTime(5_000);
			states.length = 0;
		};
		return { open, run, states, halfOpen, opened };
	}

	test("that goes on for long closes a circuit, as all do that are accepted", async () => {
		const { open, states, halfOpen } = streams();
		await halfOpen();
		for (let n = 0; n < 3; n++) await open();
		expect(states).toEqual(["half_open", "closed"]);
		await open();
	});

	test("that goes on for long leaves room for other probes", async () => {
		const { open, run, states, halfOpen } = streams();
		await halfOpen();
		await open();
		await run("done");
		await run("done");
		expect(states).toEqual(["half_open", "closed"]);
	});

	test.each(["left", "deadline_exceeded"] as const)(
		"that ends so while the circuit is half open proves nothing: %s",
		async (end) => {
			const { run, states, halfOpen } = streams();
			await halfOpen();
			for (let n = 0; n < 10; n++) await run(end);
			expect(states).toEqual(["half_open"]);
		},
	);

	test.each(["left", "deadline_exceeded"] as const)(
		"that ends so counts neither as a success nor as a failure: %s",
		async (end) => {
			const { run, open, states } = streams();
			for (let n = 0; n < 20; n++) await run(end);
			expect(states).toEqual([]);
			// If the earlier streams counted as successes, these failures would be too few.
			for (let n = 0; n < 4; n++) await run("unavailable");
			expect(states).toEqual(["open"]);
			await expect(open()).rejects.toMatchObject({ reason: "circuit_open" });
		},
	);

	test("that breaks while the circuit is half open opens it again", async () => {
		const { run, states, halfOpen } = streams();
		await halfOpen();
		await run("unavailable");
		expect(states).toEqual(["half_open", "open"]);
	});

	test("that closed the circuit and breaks later is a failure", async () => {
		const { open, opened, states, halfOpen } = streams();
		await halfOpen();
		const before = opened.length;
		const all = [await open(), await open(), await open(), await open()];
		const ends = all.map((stream) => stream.next().catch(() => {}));
		for (const message of opened.slice(before)) message.reject(failure());
		await Promise.all(ends);
		expect(states).toEqual(["half_open", "closed", "open"]);
	});
});

describe("per instance", () => {
	const at = (id: string) => background.withValue(pickedCandidate, { instance: { id } } as never);

	test("one that fails does not stop the others", async () => {
		const { call, next } = callee({ per: "instance" });
		next.mockImplementation(async (_, ctx) => {
			if (ctx.get(pickedCandidate)?.instance.id === "bad") throw failure();
			return "answer";
		});
		for (let n = 0; n < 4; n++) await call(at("bad"));
		expect([await call(at("bad")), await call(at("good"))]).toMatchObject([open, "answer"]);
	});

	test("outside of attempts names the mistake", async () => {
		const { call } = callee({ per: "instance" });
		expect(await call()).toMatchObject({ message: expect.stringContaining("attempt layer") });
	});
});
