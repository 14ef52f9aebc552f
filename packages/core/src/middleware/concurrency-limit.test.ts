import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { seeded } from "../balancer/fixtures/pool.ts";
import { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import { chain, type Endpoint, type Middleware } from "../endpoint/endpoint.ts";
import { concurrencyLimit } from "./concurrency-limit.ts";
import { held, methods, wrapped } from "./fixtures/methods.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
	vi.spyOn(Math, "random").mockReturnValue(0);
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

const background = Context.background();

/** A service with a number of workers. Calls beyond that wait for their turn, even when their callers have given up. */
function queueing(workers: number, workMs: number): Endpoint {
	const freeAt: number[] = new Array(workers).fill(0);
	return async (_, ctx) => {
		const next = freeAt.indexOf(Math.min(...freeAt));
		const doneAt = Math.max(performance.now(), freeAt[next] ?? 0) + workMs;
		freeAt[next] = doneAt;
		await sleep(doneAt - performance.now(), ctx);
		return "answer";
	};
}

/**
 * Makes `perMs` calls each millisecond for `forMs`. Returns how many a second were answered in time, from `fromMs`
 * on.
 */
async function goodput(
	middleware: Middleware,
	service: Endpoint,
	load: { perMs: number; deadlineMs: number; forMs: number; fromMs: number },
): Promise<number> {
	const endpoint = wrapped(middleware, service, methods.write);
	let answered = 0;
	for (let time = 0; time < load.forMs; time++) {
		for (let n = 0; n < load.perMs; n++) {
			endpoint({}, background.withTimeout(load.deadlineMs)).then(
				() => void (time >= load.fromMs && answered++),
				() => {},
			);
		}
		await vi.advanceTimersByTimeAsync(1);
	}
	await vi.advanceTimersByTimeAsync(load.deadlineMs);
	return (answered * 1000) / (load.forMs - load.fromMs);
}

describe("three times as many calls as a service can serve", () => {
	// Ten workers, 10 ms for each call: a thousand calls a second.
	const load = { perMs: 3, deadlineMs: 100, forMs: 3_000, fromMs: 1_000 };

	test("make it answer all of them too late without a limit", async () => {
		expect(await goodput(chain(), queueing(10, 10), load)).toBeLessThan(50);
	});

	test("leave it answering as many as it can with one", async () => {
		expect(await goodput(concurrencyLimit(), queueing(10, 10), load)).toBeGreaterThan(900);
	});

	test("do so too while the limit is measured again and again", async () => {
		const limit = concurrencyLimit({ probeEveryMs: 500 });
		expect(await goodput(limit, queueing(10, 10), load)).toBeGreaterThan(800);
	});
});

test.each<[string, (random: number) => number]>([
	["between 1 and 100 ms", (random) => 1 + 99 * random],
	["mostly 2 ms and sometimes 200", (random) => (random < 0.9 ? 2 : 200)],
])("calls that take unequal times by themselves are not refused: %s", async (_, latency) => {
	const next = seeded(1);
	const service: Endpoint = (_, ctx) => sleep(latency(next()), ctx);
	const load = { perMs: 1, deadlineMs: 1_000, forMs: 4_000, fromMs: 0 };
	expect(await goodput(concurrencyLimit({ probeEveryMs: 500 }), service, load)).toBe(1000);
});

test("a limit too low for the service rises", async () => {
	const limit = concurrencyLimit({ initial: 5 });
	const load = { perMs: 1, deadlineMs: 1_000, forMs: 6_000, fromMs: 3_000 };
	expect(await goodput(limit, queueing(50, 40), load)).toBeGreaterThan(950);
});

test("calls beyond the limit are refused at once, until others have ended", async () => {
	const { endpoint: next, calls } = held();
	const endpoint = wrapped(concurrencyLimit({ initial: 2 }), next, methods.write);
	const [first] = [endpoint({}, background), endpoint({}, background)];
	await expect(endpoint({}, background)).rejects.toMatchObject({
		code: "resource_exhausted",
		reason: "concurrency_limited",
	});
	calls[0]?.resolve("answer");
	await first;
	endpoint({}, background);
	expect(calls).toHaveLength(3);
});

describe("a call whose caller has left", () => {
	test("counts until its handler has ended", async () => {
		const { endpoint: next, calls } = held();
		const endpoint = wrapped(concurrencyLimit({ initial: 1 }), next, methods.write);
		const { ctx, cancel } = background.withCancel();
		const call = endpoint({}, ctx);
		cancel();
		await expect(endpoint({}, background)).rejects.toMatchObject({ reason: "concurrency_limited" });
		calls[0]?.resolve("too late");
		await call;
		endpoint({}, background);
		expect(calls).toHaveLength(2);
	});

	test("keeps others out for 10 s after its deadline at most, if its handler never ends", async () => {
		const { endpoint: next, calls } = held();
		const endpoint = wrapped(concurrencyLimit({ initial: 1 }), next, methods.write);
		endpoint({}, background.withTimeout(1_000));
		await vi.advanceTimersByTimeAsync(11_000);
		await expect(endpoint({}, background)).rejects.toMatchObject({ reason: "concurrency_limited" });
		await vi.advanceTimersByTimeAsync(1_001);
		await endpoint({}, background).catch(() => {});
		endpoint({}, background);
		expect(calls).toHaveLength(2);
	});
});

test("calls that would end too late lower the limit until they make their deadlines", async () => {
	// One worker, 10 ms for each call: when there are more than eight calls, all of them are late.
	const load = { perMs: 1, deadlineMs: 80, forMs: 6_000, fromMs: 4_000 };
	expect(await goodput(concurrencyLimit({ tolerance: 5 }), queueing(1, 10), load)).toBeGreaterThan(70);
});

describe("a call with little time left", () => {
	/** An endpoint whose latency is known to be 100 ms. */
	async function seen() {
		const next = vi.fn(queueing(100, 100));
		const endpoint = wrapped(concurrencyLimit(), next, methods.write);
		for (let n = 0; n < 12; n++) endpoint({}, background);
		await vi.advanceTimersByTimeAsync(100);
		next.mockClear();
		return { endpoint, next };
	}

	test("is refused when it cannot finish", async () => {
		const { endpoint, next } = await seen();
		endpoint({}, background);
		await expect(endpoint({}, background.withTimeout(50))).rejects.toMatchObject({
			code: "resource_exhausted",
			reason: "deadline_too_near",
		});
		await vi.advanceTimersByTimeAsync(100);
		expect(next).toHaveBeenCalledOnce();
	});

	test("goes in when it can", async () => {
		const { endpoint } = await seen();
		endpoint({}, background);
		const call = endpoint({}, background.withTimeout(150));
		await vi.advanceTimersByTimeAsync(100);
		expect(await call).toBe("answer");
	});

	test("goes in when it is the only one, as times may have changed", async () => {
		const { endpoint, next } = await seen();
		endpoint({}, background.withTimeout(50)).catch(() => {});
		await vi.advanceTimersByTimeAsync(50);
		expect(next).toHaveBeenCalledOnce();
	});
});

test.each([methods.watch, methods.upload, methods.chat])("streams pass through: $kind", (method) => {
	const next: Endpoint = async () => {};
	expect(concurrencyLimit()(next, method)).toBe(next);
});
