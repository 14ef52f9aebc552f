import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Outcome, succeeded } from "../context/call-scope.ts";
import type { Code } from "../errors/code.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Candidate } from "./balancer.ts";
import { count, joined, pick } from "./fixtures/pool.ts";
import { leastLoaded } from "./least-loaded.ts";
import { outlierEjection } from "./outlier-ejection.ts";
import type { OutlierOptions } from "./outlier-record.ts";
import { roundRobin } from "./round-robin.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const failed = (code: Code = "unavailable"): Outcome => ({ ok: false, error: new ServiceError({ code }) });

/** Ends `times` calls at a candidate, all with the same outcome. */
function end(candidate: Candidate | undefined, outcome: Outcome, times = 1): void {
	for (let n = 0; n < times; n++) {
		candidate?.load.start();
		candidate?.load.end(outcome, 1, performance.now());
	}
}

function pool(ids: readonly string[], options?: OutlierOptions) {
	const balancer = outlierEjection(roundRobin(), options);
	const all = joined(balancer, ...ids);
	pick(balancer, all);
	/** The ids of the instances that are not passed over. */
	const picked = (from: readonly Candidate[] = all) =>
		Object.entries(count(balancer, from, 100))
			.filter(([, times]) => times > 0)
			.map(([id]) => id);
	return { balancer, all, picked };
}

describe("an instance that fails several times in a row", () => {
	test("is passed over for a while", () => {
		const { all, picked } = pool(["a", "b", "c"]);
		end(all[0], failed(), 4);
		expect(picked()).toEqual(["a", "b", "c"]);
		end(all[0], failed());
		expect(picked()).toEqual(["b", "c"]);
		vi.advanceTimersByTime(29_999);
		expect(picked()).toEqual(["b", "c"]);
		vi.advanceTimersByTime(1);
		expect(picked()).toEqual(["a", "b", "c"]);
	});

	test("is passed over for longer when it does so again", () => {
		const { all, picked } = pool(["a", "b"], { intervalMs: 3600_000 });
		end(all[0], failed(), 5);
		vi.advanceTimersByTime(30_000);
		end(all[0], failed(), 5);
		vi.advanceTimersByTime(59_999);
		expect(picked()).toEqual(["b"]);
		vi.advanceTimersByTime(1);
		expect(picked()).toEqual(["a", "b"]);
	});

	test("is remembered when the registry loses it and finds it again", () => {
		const { balancer, all, picked } = pool(["a", "b", "c"]);
		end(all[0], failed(), 5);
		const again = [...joined(balancer, "a"), ...all.slice(1)];
		expect(picked(again)).toEqual(["b", "c"]);
	});

	test("stays when a success came between", () => {
		const { all, picked } = pool(["a", "b"]);
		for (const outcome of [failed(), failed(), succeeded, failed(), failed(), failed()]) end(all[0], outcome);
		expect(picked()).toEqual(["a", "b"]);
	});

	test.each(["not_found", "invalid_argument", "resource_exhausted", "canceled"] as const)(
		"stays when the calls are to blame: %s",
		(code) => {
			const { all, picked } = pool(["a", "b"]);
			end(all[0], failed(code), 50);
			expect(picked()).toEqual(["a", "b"]);
		},
	);
});

describe("instances that are passed over", () => {
	test("is a part of all, and one at least", () => {
		const { all, picked } = pool(["a", "b", "c"]);
		for (const candidate of all) end(candidate, failed(), 5);
		expect(picked()).toEqual(["b", "c"]);
	});

	test("may be a larger part when told so", () => {
		const { all, picked } = pool(["a", "b", "c", "d"], { maxEjected: 0.5 });
		for (const candidate of all) end(candidate, failed(), 5);
		expect(picked()).toEqual(["c", "d"]);
	});

	test("is taken all the same when nothing else is left", () => {
		const { all, picked } = pool(["a"]);
		end(all[0], failed(), 5);
		expect(picked()).toEqual(["a"]);
	});
});

describe("an instance whose calls succeed much less often than the others'", () => {
	const ids = ["a", "b", "c", "d", "e", "f"];

	/** Runs `count` calls at every instance. Calls at the first instance fail now and then, but never five in a row. */
	function interval(count: number, perFailure: number, names: readonly string[] = ids) {
		const { balancer, all, picked } = pool(names);
		for (const candidate of all) {
			for (let n = 0; n < count; n++) {
				end(candidate, candidate === all[0] && n % perFailure === 0 ? failed() : succeeded);
			}
		}
		vi.advanceTimersByTime(10_000);
		pick(balancer, all);
		return picked();
	}

	test("is passed over after the interval", () => {
		expect(interval(100, 3)).toEqual(["b", "c", "d", "e", "f"]);
	});

	test("stays when it had too few calls to tell", () => {
		expect(interval(99, 3)).toEqual(ids);
	});

	test("stays when there are too few others to compare with", () => {
		expect(interval(100, 3, ["a", "b", "c", "d"])).toEqual(["a", "b", "c", "d"]);
	});
});

test("the balancer inside keeps its own memory", () => {
	const balancer = outlierEjection(leastLoaded());
	const all = joined(balancer, "a", "b");
	all[0]?.load.start();
	expect(count(balancer, all, 10)).toEqual({ a: 0, b: 10 });
});
