import { describe, expect, test } from "vitest";
import { type Cell, rowsOf, type Sample } from "./results.ts";
import { type StackEntry, stacks } from "./stacks.ts";

const [floor, other] = stacks.filter(({ id }) => id === "floor-net" || id === "frames") as [
	StackEntry,
	StackEntry,
];
const sample: Sample = {
	calls: 1000,
	seconds: 1,
	p50us: 10,
	p99us: 20,
	cpuSeconds: 0.01,
	serverCpuSeconds: 0.02,
};
const at = (stack: StackEntry, samples: Sample[], work = "sum"): Cell => {
	return { suite: "rpc", stack, name: stack.id, work, concurrency: 1, samples };
};

describe("rows of the benchmark", () => {
	test("hold the median of the rounds and their range", () => {
		const rounds = [1, 2, 4].map((seconds) => ({ ...sample, seconds }));
		const [row] = rowsOf([at(floor, rounds)], "floor-net");
		expect(row).toMatchObject({ callsPerSecond: 500, minimum: 250, maximum: 1000, p50us: 10, p99us: 20 });
	});

	test("state the processor time of 100,000 calls, on each side", () => {
		const [row] = rowsOf([at(floor, [sample])], "floor-net");
		expect(row?.cpuSecondsPer100k).toEqual({ client: 1, server: 2 });
	});

	test("compare each stack with the floor at the same work", () => {
		const cells = [
			at(floor, [sample]),
			at(other, [{ ...sample, seconds: 2 }]),
			at(floor, [{ ...sample, seconds: 4 }], "concat"),
			at(other, [{ ...sample, seconds: 5 }], "concat"),
		];
		const ratios = rowsOf(cells, "floor-net").map(({ stack, ratioToFloor }) => [stack, ratioToFloor]);
		expect(ratios).toEqual([
			["floor-net", 1],
			["frames", 0.5],
			["floor-net", 1],
			["frames", 0.8],
		]);
	});

	test("have no ratio where the floor was not measured", () => {
		const [row] = rowsOf([at(other, [sample])], "floor-net");
		expect(row?.ratioToFloor).toBeNaN();
	});

	test("leave out what was never measured", () => {
		expect(rowsOf([at(floor, [sample]), at(other, [])], "floor-net")).toHaveLength(1);
	});
});
