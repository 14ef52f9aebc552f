import { describe, expect, test } from "vitest";
import { median, rowsOf, table } from "./report.ts";

const round = { calls: 1000, seconds: 1, p50us: 10, p99us: 20, cpuSeconds: 0.01, serverCpuSeconds: 0.02 };

describe("the benchmark's report", () => {
	test("takes the median", () => {
		expect(median([9, 1, 5])).toBe(5);
		expect(median([4, 2])).toBe(3);
		expect(median([])).toBeNaN();
	});

	test("compares every stack with the first", () => {
		const rounds = (stack: string) => (stack === "floor" ? [round] : [{ ...round, seconds: 2 }]);
		const rows = rowsOf(["floor", "other"], [1], rounds);
		expect(rows.map(({ ratioToFloor }) => ratioToFloor)).toEqual([1, 0.5]);
		expect(rows[0]?.cpuSecondsPer100k).toEqual({ client: 1, server: 2 });
		expect(table(rows)).toContain("| other | 1 | 0.5k (0.5k–0.5k) | 10 | 20 | 1.00 + 2.00 | 0.50 |");
	});
});
