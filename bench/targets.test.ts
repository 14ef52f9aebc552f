import { describe, expect, test } from "vitest";
import type { Figure, Results, Row } from "./results.ts";
import { judge, type Target } from "./targets/target.ts";
import { targets } from "./targets.ts";

const row = (stack: string, group: Row["group"], callsPerSecond: number, cpu: number): Row => ({
	suite: "rpc",
	stack,
	name: stack,
	group,
	work: "sum",
	concurrency: 64,
	callsPerSecond,
	minimum: callsPerSecond,
	maximum: callsPerSecond,
	p50us: 1,
	p99us: 1,
	cpuSecondsPer100k: { client: cpu / 2, server: cpu / 2 },
	ratioToFloor: 1,
});
const figure = (id: string, median: number): Figure => {
	return { suite: "growth", id, what: id, unit: "", median, minimum: median, maximum: median };
};
const none: Results = { rows: [], figures: [], failures: [] };

/** The results of the targets whose line begins with `what`. */
function verdicts(results: Results, what: string, unit = ""): unknown[] {
	return judge(results, targets)
		.filter(({ target }) => target.what.startsWith(what) && target.unit.startsWith(unit))
		.map(({ value, verdict }) => [value, verdict]);
}

describe("the benchmark's targets", () => {
	test("are met at their bound, missed beyond it, and unmeasured without a figure", () => {
		const target = (value: number | undefined, bound: Target["bound"]): Target => {
			return { what: "x", unit: "", bound, value: () => value };
		};
		const all = [
			target(1, { atLeast: 1 }),
			target(0.9, { atLeast: 1 }),
			target(1, { atMost: 1 }),
			target(1.1, { atMost: 1 }),
			target(undefined, { atMost: 1 }),
			target(Number.NaN, { atMost: 1 }),
		];
		expect(judge(none, all).map(({ verdict }) => verdict)).toEqual([
			"met",
			"missed",
			"met",
			"missed",
			"unmeasured",
			"unmeasured",
		]);
	});

	test("are all unmeasured by a run that measured nothing", () => {
		for (const { verdict } of judge(none, targets)) expect(verdict).toBe("unmeasured");
	});

	test("allow each registry five percent above or below the mean of all", () => {
		const shares = (...medians: number[]): Results => {
			return { ...none, figures: medians.map((median, index) => figure(`cluster share ${index}`, median)) };
		};
		expect(verdicts(shares(0.96, 1, 1.04), "frames between apps")).toEqual([[expect.closeTo(0.04), "met"]]);
		expect(verdicts(shares(0.94, 1.03, 1.03), "frames between apps")).toEqual([
			[expect.closeTo(0.06), "missed"],
		]);
	});

	test("compare frames with the fastest and with the leanest peer, not with floors", () => {
		const rows = [
			row("floor-net", "floor", 200, 1),
			row("frames", "allium", 100, 2),
			row("fast", "peer", 50, 10),
			row("lean", "peer", 20, 8),
		];
		const results = { ...none, rows };
		const at64 = "frames, default onion, 64 at once: ";
		expect(verdicts(results, `${at64}calls/s`, "× the fastest")).toEqual([[2, "missed"]]);
		expect(verdicts(results, `${at64}CPU`, "× the leanest")).toEqual([[0.25, "met"]]);
		expect(verdicts(results, `${at64}calls/s`, "× F")).toEqual([[0.5, "missed"]]);
		expect(verdicts(results, `${at64}CPU`, "× F")).toEqual([[2, "met"]]);
	});

	test("compare the slowest size with the smallest", () => {
		const figures = [1, 100, 1000].map((size, index) => {
			return figure(`growth methods calls ${size}`, [100, 80, 95][index] ?? 0);
		});
		expect(verdicts({ ...none, figures }, "growth of methods: the slowest")).toEqual([[0.8, "missed"]]);
	});

	test("compare the size that takes most of the processor with the smallest", () => {
		const figures = [1, 50, 500].map((size, index) => {
			return figure(`growth methods cpu ${size}`, [5, 6, 5.5][index] ?? 0);
		});
		const [cpu] = verdicts({ ...none, figures }, "growth of methods: CPU");
		expect(cpu).toEqual([1.2, "missed"]);
	});

	test("compare handling with queues of jobs, and the processor time of publishing with that of an append", () => {
		const figures = [
			figure("events sqlite handle", 50),
			figure("events bullmq work", 5),
			figure("events postgres handle", 10),
			figure("events graphile work", 1),
			figure("events sqlite publish 64 cpu", 25),
			figure("events sqlite append 64 cpu", 20),
		];
		const results = { ...none, figures };
		expect(verdicts(results, "SQLite: handle", "× BullMQ")).toEqual([[10, "met"]]);
		expect(verdicts(results, "PostgreSQL: handle", "× Graphile")).toEqual([[10, "missed"]]);
		expect(verdicts(results, "PostgreSQL: handle", "× pg-boss")).toEqual([[undefined, "unmeasured"]]);
		expect(verdicts(results, "SQLite: publish, 64 at once: CPU")).toEqual([[5, "met"]]);
	});
});
