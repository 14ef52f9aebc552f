import { Context, contract, method, ServiceError, stream } from "@allium/core";
import { constant, type SimulateOptions, simulate, type World } from "@allium/testing/simulation";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type LoadCall, type LoadOptions, type LoadReport, type LoadWindow, load } from "./index.ts";

const Shop = contract("shop", {
	price: method({ output: z.object({ cents: z.int() }), effect: "read" }),
	prices: method({ output: stream(z.object({ cents: z.int() })), effect: "read" }),
});

const quiet: SimulateOptions = { network: { latency: constant(0.5) } };

/** Makes load on virtual time, in one node that calls no other. */
async function simulated(options: LoadOptions, ctx?: () => Context): Promise<LoadReport> {
	const { value } = await simulate({}, async (world) => {
		const node = await world.start("generator");
		return node.run(() => load(options, ctx?.()));
	});
	return value;
}

function pause(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe("a server that stands still for one of ten seconds, at 100 calls a second", () => {
	/** A server that takes 2 ms for a price, and stands still for a second from the fifth second on. */
	async function stalling(world: World, options: Partial<LoadOptions>): Promise<LoadReport> {
		const server = await world.start("server", (node) =>
			node.serve(Shop, {
				async price(_, ctx) {
					await node.work(2, ctx);
					return { cents: 995 };
				},
				async *prices() {},
			}),
		);
		const caller = await world.start("caller");
		const report = caller.run(() => {
			const shop = caller.client(Shop);
			return load({ call: (_, ctx) => shop.price({}, ctx), durationMs: 10_000, ...options });
		});
		await world.sleep(5_000);
		await server.run(() => server.work(1_000));
		return report;
	}

	async function latency(options: Partial<LoadOptions>) {
		const { value } = await simulate(quiet, (world) => stalling(world, options));
		const { latency, calls, failed } = value;
		const [p50, p99] = [latency.percentile(50), latency.percentile(99)];
		return { p50, p99, max: latency.max, calls, failed };
	}

	test("shows it in p99 of an open loop, as each call counts from its scheduled time", async () => {
		const { p50, p99, max, calls, failed } = await latency({ rate: 100 });
		expect([calls, failed]).toEqual([1_000, 0]);
		expect(p50).toBeLessThan(4);
		// A tenth of the calls was due while it stood still: nine tenths of them waited less than some 900 ms.
		expect(p99).toBeGreaterThan(850);
		expect(max).toBeGreaterThan(990);
	});

	test("shows it even where one call is in flight at most: the others wait, and their waiting counts", async () => {
		const { p99, calls, failed } = await latency({ rate: 100, concurrency: 1 });
		expect([calls, failed]).toEqual([1_000, 0]);
		expect(p99).toBeGreaterThan(850);
	});

	test("hides it from p99 of a closed loop: one call in thousands was slow", async () => {
		const { p99, max, failed } = await latency({ concurrency: 1 });
		expect(failed).toBe(0);
		expect(p99).toBeLessThan(4);
		expect(max).toBeGreaterThan(990);
	});

	test("shows it in a closed loop that adds what was left out", async () => {
		const { p99 } = await latency({ concurrency: 1, expectedIntervalMs: 4 });
		expect(p99).toBeGreaterThan(500);
	});
});

describe("an open loop", () => {
	test("starts calls on schedule, whatever becomes of those before", async () => {
		const starts: number[] = [];
		const call: LoadCall = () => {
			starts.push(performance.now());
			return pause(5_000);
		};
		const { calls, startedLate, isGeneratorLate } = await simulated({ call, rate: 10, durationMs: 1_000 });
		expect(starts.map((at) => at - (starts[0] ?? 0))).toEqual([
			0, 100, 200, 300, 400, 500, 600, 700, 800, 900,
		]);
		expect([calls, startedLate.count, isGeneratorLate]).toEqual([10, 10, false]);
	});

	test("has no more calls in flight than it may, and counts what the others wait", async () => {
		let [inFlight, most] = [0, 0];
		const call = async (): Promise<void> => {
			most = Math.max(most, ++inFlight);
			await pause(10);
			inFlight--;
		};
		const { latency, calls, measuredMs } = await simulated({
			call,
			rate: 1_000,
			concurrency: 5,
			durationMs: 100,
		});
		// A hundred calls, five at once, 10 ms each, take some 204 ms: the last one is due at 99 ms, and has to wait for 95.
		expect([most, calls]).toEqual([5, 100]);
		expect(Math.abs(measuredMs - 204)).toBeLessThan(2);
		expect(Math.abs(latency.max - 105)).toBeLessThan(2);
	});

	test("gives up calls whose time ran out before there was a place for them", async () => {
		let started = 0;
		const call = (): Promise<void> => {
			started++;
			return pause(100);
		};
		const report = await simulated({ call, rate: 100, concurrency: 1, durationMs: 1_000, timeoutMs: 250 });
		const { calls, succeeded, failures, latency } = report;
		expect([calls, succeeded]).toEqual([100, started]);
		expect(failures).toMatchObject([
			{ code: "deadline_exceeded", reason: "not_started", count: 100 - started },
		]);
		expect(latency.percentile(99)).toBeGreaterThanOrEqual(250);
	});

	test("comes at random with poisson arrivals, at the same rate", async () => {
		const starts: number[] = [];
		const call = async (): Promise<void> => void starts.push(performance.now());
		await simulated({ call, rate: 100, arrivals: "poisson", durationMs: 100_000 });
		expect(Math.abs(starts.length - 10_000)).toBeLessThan(500);
		const near = starts.filter((at, index) => at - (starts[index - 1] ?? -1_000) < 5).length;
		// 1 - e^-0.5 of the distances is below half the mean one; timers make whole milliseconds of some.
		expect(near / starts.length).toBeGreaterThan(0.3);
	});
});

test("what queueing theory says of a queue is measured: of a server that takes 5 ms, 80% of the time", async () => {
	// M/D/1: calls at random, each 5 ms of work, one at a time. The mean wait is work × load / (2 × (1 - load)).
	const { value } = await simulate({ seed: 3, network: { latency: constant(0) } }, async (world) => {
		const node = await world.start("queue");
		const call = (): Promise<void> => node.work(5);
		return node.run(() => load({ call, rate: 160, arrivals: "poisson", durationMs: 600_000 }));
	});
	const expected = 5 + (5 * 0.8) / (2 * (1 - 0.8));
	// That of 96,000 calls varies by some percent, and timers are late by half a millisecond in the mean.
	expect(value.failed).toBe(0);
	expect(Math.abs(value.latency.mean - 0.5 - expected) / expected).toBeLessThan(0.1);
});

describe("a closed loop", () => {
	test("has as many callers as it was told, each of which waits for its answer", async () => {
		let [inFlight, most] = [0, 0];
		const call = async (): Promise<void> => {
			most = Math.max(most, ++inFlight);
			await pause(10);
			inFlight--;
		};
		const { loop, calls, latency, startedLate } = await simulated({ call, concurrency: 3, durationMs: 100 });
		expect([loop, most, calls, startedLate.count]).toEqual(["closed", 3, 30, 0]);
		expect(latency.max).toBe(10);
	});

	test("leaves others their turn when answers are there at once", async () => {
		const call = async (): Promise<void> => {};
		const seen: LoadWindow[] = [];
		const onProgress = (window: LoadWindow): void => void seen.push(window);
		const { calls } = await simulated({ call, concurrency: 2, durationMs: 3_000, onProgress });
		expect(calls).toBeGreaterThan(1_000);
		expect(seen.length).toBeGreaterThanOrEqual(2);
	});
});

describe("what counts", () => {
	test("are calls that were scheduled after the warm-up", async () => {
		const call = async (number: number): Promise<void> => {
			if (number < 10) throw new ServiceError({ code: "unavailable" });
			await pause(1);
		};
		const { calls, failed, measuredMs } = await simulated({
			call,
			rate: 10,
			warmupMs: 1_000,
			durationMs: 500,
		});
		expect([calls, failed, measuredMs]).toEqual([5, 0, 500]);
	});

	test("are failures by code and reason, the most frequent first; fast ones make no latency better", async () => {
		const call = async (number: number): Promise<void> => {
			if (number % 10 === 0)
				throw new ServiceError({ code: "not_found", reason: "gone", message: "it is gone" });
			if (number % 2 === 0) throw new TypeError("that was nothing");
			await pause(20);
		};
		const { failures, latency, succeeded, failed } = await simulated({ call, rate: 100, durationMs: 1_000 });
		expect(failures).toEqual([
			{ code: "internal", reason: undefined, message: "that was nothing", count: 40 },
			{ code: "not_found", reason: "gone", message: "it is gone", count: 10 },
		]);
		expect([succeeded, failed, latency.count, latency.min]).toEqual([50, 50, 50, 20]);
	});

	test("are calls that ran out of time, with the time they had", async () => {
		const call: LoadCall = (_, ctx) =>
			new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.error)));
		const { latency, failures } = await simulated({ call, rate: 10, durationMs: 1_000, timeoutMs: 300 });
		expect(failures).toMatchObject([{ code: "deadline_exceeded", count: 10 }]);
		expect(latency.percentile(50)).toBe(300);
	});

	test("are kinds of failures up to a hundred; the rest is counted together", async () => {
		const call = async (number: number): Promise<void> => {
			throw new ServiceError({ code: "aborted", reason: `reason_${number}` });
		};
		const { failures } = await simulated({ call, rate: 1_000, durationMs: 300 });
		expect(failures).toHaveLength(101);
		expect(failures[0]).toMatchObject({ reason: "others", count: 200 });
	});
});

test("a stream counts to its first message, is read to its end, and its messages are counted", async () => {
	async function* messages(): AsyncGenerator<number> {
		for (let n = 0; n < 4; n++) {
			await pause(10);
			yield n;
		}
	}
	const report = await simulated({ call: () => messages(), rate: 10, durationMs: 1_000, concurrency: 1 });
	const { latency, calls, messages: count } = report;
	expect([calls, count, latency.max]).toEqual([10, 40, 10]);
});

describe("the timeline", () => {
	test("has a window for each second after the warm-up, and reports it while it runs", async () => {
		const told: LoadWindow[] = [];
		const report = await simulated({
			call: () => pause(5),
			rate: 10,
			warmupMs: 1_500,
			durationMs: 3_000,
			onProgress: (window) => void told.push(window),
		});
		expect(told.map(({ isWarmup, endMs }) => [isWarmup, endMs])).toEqual([
			[true, -500],
			[false, 1_000],
			[false, 2_000],
		]);
		expect(report.timeline.map(({ endMs, succeeded, p50 }) => [Math.round(endMs), succeeded, p50])).toEqual([
			[1_000, 10, 5],
			[2_000, 10, 5],
			[2_905, 10, 5],
		]);
	});

	test("knows nothing of calls of the warm-up, however late they end", async () => {
		const call: LoadCall = (number) => pause(number < 10 ? 500 + 100 * number : 5);
		const { timeline } = await simulated({ call, rate: 10, warmupMs: 1_000, durationMs: 3_000 });
		expect(timeline.map(({ succeeded, max }) => [succeeded, max])).toEqual([
			[10, 5],
			[10, 5],
			[10, 5],
		]);
	});

	test("tells how far the load is behind its schedule", async () => {
		const { timeline } = await simulated({
			call: () => pause(100),
			rate: 20,
			concurrency: 1,
			durationMs: 4_000,
		});
		expect(timeline.slice(0, 3).map(({ behindMs }) => Math.round(behindMs / 100))).toEqual([5, 10, 15]);
	});
});

describe("a load whose context ends", () => {
	test("reports what there is, and ends its calls", async () => {
		const ends: (string | undefined)[] = [];
		const call: LoadCall = (number, ctx) => {
			if (number < 5) return pause(1);
			ctx.signal.addEventListener("abort", () => ends.push(ctx.error?.code));
			return new Promise(() => {});
		};
		const ctx = (): Context => {
			const { ctx, cancel } = Context.background().withCancel();
			setTimeout(cancel, 750);
			return ctx;
		};
		const report = await simulated({ call, rate: 10, durationMs: 60_000 }, ctx);
		const { isInterrupted, calls, unfinished, measuredMs } = report;
		expect({ isInterrupted, calls, unfinished, measuredMs }).toEqual({
			isInterrupted: true,
			calls: 5,
			unfinished: 3,
			measuredMs: 750,
		});
		expect(ends).toEqual(["canceled", "canceled", "canceled"]);
	});

	test("is over at once when it has ended before", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		cancel();
		const report = await load(
			{ call: () => Promise.reject(new Error("never")), rate: 1, durationMs: 1e6 },
			ctx,
		);
		expect([report.isInterrupted, report.calls]).toEqual([true, 0]);
	});
});

test("calls that ignore their context's end are given up, and told", async () => {
	const { value, elapsedMs } = await simulate({}, async (world) => {
		const node = await world.start("generator");
		return node.run(() =>
			load({ call: () => new Promise(() => {}), rate: 10, durationMs: 1_000, timeoutMs: 500 }),
		);
	});
	expect([value.calls, value.unfinished]).toEqual([0, 10]);
	expect(elapsedMs).toBeLessThan(5_000);
});

test("a machine that starts its calls late is told as such, and leaves nothing running", async () => {
	const before = process.getActiveResourcesInfo();
	const call = async (): Promise<void> => {
		const until = performance.now() + 10;
		while (performance.now() < until);
	};
	const { calls, startedLate, isGeneratorLate } = await load({ call, rate: 1_000, durationMs: 50 });
	expect(calls).toBe(50);
	expect(startedLate.max).toBeGreaterThan(100);
	expect(isGeneratorLate).toBe(true);
	expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before.length);
});

test("a report is JSON", async () => {
	const report = await simulated({ call: () => pause(2), rate: 10, durationMs: 1_000 });
	expect(JSON.parse(JSON.stringify(report))).toMatchObject({
		loop: "open",
		calls: 10,
		latency: { count: 10, percentiles: { p50: 2, "p99.9": 2 } },
	});
});

test.each([
	[{ rate: 0, durationMs: 1 }, "rate must be above 0, and is 0"],
	[{ durationMs: Number.NaN }, "durationMs must be above 0, and is NaN"],
	[{ durationMs: 1, timeoutMs: -1 }, "timeoutMs must be above 0, and is -1"],
	[{ durationMs: 1, warmupMs: -1 }, "warmupMs must be 0 or more, and is -1"],
	[{ durationMs: 1, concurrency: 1.5 }, "concurrency must be a whole number above 0, and is 1.5"],
	[{ durationMs: 1, rate: 1, expectedIntervalMs: 1 }, "expectedIntervalMs is for a closed loop"],
])("options that cannot be are refused: %j", async (options, message) => {
	await expect(load({ call: async () => {}, ...options })).rejects.toThrow(message);
});
