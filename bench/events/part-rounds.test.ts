import { expect, test } from "vitest";
import type { Measured } from "../protocol.ts";
import { PartRounds } from "./part-rounds.ts";

/** A round of two seconds with the given number of calls. */
function round(calls: number): Measured {
	return { calls, seconds: 2, p50us: 3_000, p99us: 9_000, cpuSeconds: 1 };
}

function partOf(facts: Partial<PartRounds["facts"]>, calls: readonly number[]): PartRounds {
	const part = new PartRounds({ id: "part", what: "something", ...facts });
	for (const count of calls) part.add(round(count));
	return part;
}

test("a part tells its rate and its processor time", () => {
	expect(partOf({}, [100, 200]).figures(undefined)).toMatchObject([
		{ suffix: "", unit: "per s", values: [50, 100] },
		{ suffix: " cpu", unit: "µs each", values: [10_000, 5_000] },
	]);
});

test("a part is compared with its floor in the same round", () => {
	const floor = partOf({ id: "floor", what: "the floor" }, [100, 400]);
	expect(partOf({}, [50, 100]).figures(floor)).toContainEqual({
		suffix: " ratio",
		what: "something",
		unit: "× the floor",
		values: [0.5, 0.25],
	});
});

test("rounds in which the floor failed are not compared", () => {
	const floor = partOf({ id: "floor" }, [100]);
	expect(partOf({}, [50, 100]).figures(floor)).toContainEqual(
		expect.objectContaining({ suffix: " ratio", values: [0.5] }),
	);
});

test("of a latency only the median of each round is told", () => {
	expect(partOf({ counts: "latency" }, [1]).figures(undefined)).toEqual([
		{ suffix: "", what: "something, p50", unit: "ms", values: [3] },
	]);
});
