import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Outcome, succeeded } from "../context/call-scope.ts";
import { Context } from "../context/context.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import type { Instance } from "../registry/instance.ts";
import { type PeakEwmaLoad, type PeakEwmaOptions, peakEwma } from "./peak-ewma.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["performance"] });
	vi.spyOn(Math, "random").mockImplementation(seeded(42));
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

/** The same numbers in every run (mulberry32). */
function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

function pool(ids: readonly string[], options?: PeakEwmaOptions) {
	const balancer = peakEwma(options);
	const candidates = ids.map((id) => {
		const instance = { id } as Partial<Instance> as Instance;
		return { instance, load: balancer.join(instance) };
	});
	const pick = () => {
		const picked = balancer.pick(candidates, Context.background());
		if (picked === undefined) throw new Error("nothing was picked");
		return picked;
	};
	/** How often each instance is picked when calls end at once or are not counted at all. */
	const count = (times: number) => {
		const counts = Object.fromEntries(ids.map((id) => [id, 0]));
		for (let i = 0; i < times; i++) {
			const { id } = pick().instance;
			counts[id] = (counts[id] ?? 0) + 1;
		}
		return counts;
	};
	return {
		balancer,
		candidates,
		pick,
		count,
		load: (index: number) => candidates[index]?.load as PeakEwmaLoad,
	};
}

const failed = (code: "unavailable" | "not_found" | "canceled") =>
	({ ok: false, error: new ServiceError({ code }) }) as const;

function answer(load: PeakEwmaLoad, elapsedMs: number): void {
	load.start();
	load.end(succeeded, elapsedMs, performance.now());
}

describe("picking", () => {
	test("of none is nothing, of one is that one", () => {
		expect(peakEwma().pick([], Context.background())).toBeUndefined();
		expect(pool(["a"]).pick().instance.id).toBe("a");
	});

	test("spreads calls over instances that are alike", () => {
		const counts = pool(["a", "b", "c"]).count(900);
		for (const id of ["a", "b", "c"]) expect(counts[id]).toBeGreaterThan(200);
	});

	test("of two takes the faster", () => {
		const { load, count } = pool(["slow", "fast"]);
		answer(load(0), 100);
		answer(load(1), 10);
		expect(count(100)).toEqual({ slow: 0, fast: 100 });
	});

	test("of several seldom takes the slow one, and shares the rest", () => {
		const { load, count } = pool(["slow", "b", "c", "d"]);
		answer(load(0), 500);
		for (const index of [1, 2, 3]) answer(load(index), 10);
		const counts = count(1000);
		expect(counts.slow).toBe(0);
		expect(Object.values(counts).reduce((sum, each) => sum + each)).toBe(1000);
	});

	test("takes a slow instance once the fast one has enough to do", () => {
		const { load, pick } = pool(["slow", "fast"]);
		answer(load(0), 100);
		answer(load(1), 10);
		for (let calls = 0; calls < 10; calls++) load(1).start();
		expect(pick().instance.id).toBe("slow");
	});

	test("compares what two would cost now, however long ago each answered", () => {
		const { load } = pool(["a", "b"], { decayMs: 1000 });
		for (let round = 0; round < 1_000; round++) {
			const index = Math.floor(Math.random() * 2);
			vi.advanceTimersByTime(Math.random() < 0.1 ? 5_000 : 100 * Math.random());
			if (Math.random() < 0.1) load(index).start();
			answer(load(index), 10 ** (3 * Math.random()));
			const now = performance.now();
			expect(load(0).costsAtMost(load(1))).toBe(load(0).cost(now) <= load(1).cost(now));
		}
	});

	test("tries a new instance, but does not give it everything before it answers", () => {
		const { load, pick } = pool(["known", "new"]);
		answer(load(0), 50);
		expect(pick().instance.id).toBe("new");
		load(1).start();
		expect(pick().instance.id).toBe("known");
	});
});

describe("at a call a second, of two", () => {
	/**
	 * The seconds in which the first of two instances is called. It fails when `fails` says so; the other always
	 * answers.
	 */
	function secondsOf(fails: (calls: number) => boolean, seconds: number): number[] {
		const { load, pick } = pool(["a", "b"]);
		for (const index of [0, 1]) answer(load(index), 1);
		const called: number[] = [];
		for (let second = 0; second < seconds; second++) {
			const { load: picked, instance } = second === 0 ? { load: load(0), instance: { id: "a" } } : pick();
			picked.start();
			if (instance.id === "a") called.push(second);
			const outcome = instance.id === "a" && fails(called.length) ? failed("unavailable") : succeeded;
			picked.end(outcome, 1, performance.now());
			vi.advanceTimersByTime(1_000);
		}
		return called;
	}

	test("one that failed once is called again within some ten seconds, and then takes its share", () => {
		const called = secondsOf((calls) => calls === 1, 120);
		expect(called[1]).toBeLessThanOrEqual(12);
		expect(called.length).toBeGreaterThan(20);
	});

	test("one that keeps failing is called less and less often, once a minute in the end", () => {
		const called = secondsOf(() => true, 600);
		const gaps = called.slice(1).map((second, n) => second - (called[n] ?? 0));
		expect(gaps.slice(0, 3)).toEqual([12, 22, 42]);
		expect(new Set(gaps.slice(3))).toEqual(new Set([62]));
	});
});

describe("the latency that it remembers", () => {
	test("jumps up at once", () => {
		const { load } = pool(["a"]);
		answer(load(0), 10);
		answer(load(0), 300);
		expect(load(0).cost(performance.now())).toBe(300);
	});

	test("comes down slowly, by what was heard since", () => {
		const { load } = pool(["a"], { decayMs: 1000 });
		answer(load(0), 300);
		answer(load(0), 10);
		expect(load(0).cost(performance.now())).toBe(300);
		vi.advanceTimersByTime(1000);
		answer(load(0), 10);
		expect(load(0).cost(performance.now())).toBeCloseTo(300 / Math.E + 10 * (1 - 1 / Math.E));
	});

	test("is the same whether or not somebody has looked at it", () => {
		const { load } = pool(["a", "b"], { decayMs: 1000 });
		for (const index of [0, 1]) answer(load(index), 300);
		vi.advanceTimersByTime(500);
		load(0).cost(performance.now());
		vi.advanceTimersByTime(500);
		for (const index of [0, 1]) answer(load(index), 200);
		expect(load(0).cost(performance.now())).toBe(load(1).cost(performance.now()));
	});

	test("fades without calls, so that a slow instance is tried again", () => {
		const { load, pick } = pool(["slow", "fast"], { decayMs: 1000 });
		answer(load(0), 500);
		answer(load(1), 50);
		vi.advanceTimersByTime(5_000);
		answer(load(1), 50);
		expect(pick().instance.id).toBe("slow");
	});

	test("counts calls in flight", () => {
		const { load } = pool(["a"]);
		answer(load(0), 10);
		load(0).start();
		load(0).start();
		expect(load(0).cost(performance.now())).toBe(30);
		load(0).end(succeeded, 10, performance.now());
		expect(load(0).cost(performance.now())).toBe(20);
	});

	test("takes an instance that could not serve for a slow one, however fast it failed", () => {
		const { load } = pool(["a", "b"], { penaltyMs: 700 });
		for (const index of [0, 1]) load(index).start();
		load(0).end(failed("unavailable"), 1, performance.now());
		load(1).end(failed("not_found"), 1, performance.now());
		expect([load(0).cost(performance.now()), load(1).cost(performance.now())]).toEqual([700, 1]);
	});

	test("learns nothing good from an answer that is early because no handler ran, or one broke", () => {
		const refused = { ok: false, error: serviceErrorFrom({ code: "unimplemented" }, { notExecuted: true }) };
		const broken = { ok: false, error: new ServiceError({ code: "internal" }) };
		for (const outcome of [refused, broken] as const) {
			const { load } = pool(["a"], { decayMs: 1_000 });
			answer(load(0), 500);
			vi.advanceTimersByTime(1_000);
			load(0).start();
			load(0).end(outcome as Outcome, 1, performance.now());
			expect(load(0).cost(performance.now())).toBeCloseTo(500 / Math.E);
		}
	});

	test("learns nothing good from a call that was given up early", () => {
		const { load } = pool(["a"], { decayMs: 1 });
		answer(load(0), 500);
		load(0).start();
		load(0).end(failed("canceled"), 5, performance.now());
		expect(load(0).cost(performance.now())).toBe(500);
		load(0).start();
		load(0).end(failed("canceled"), 900, performance.now());
		expect(load(0).cost(performance.now())).toBe(900);
	});
});
