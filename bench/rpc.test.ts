import { expect, test } from "vitest";
import { readOptions } from "./options.ts";
import { Pair } from "./pair.ts";
import { Run } from "./run.ts";
import { type StackEntry, stacks } from "./stacks.ts";
import { rpc, startPairs } from "./suites/rpc.ts";

function runOf(args: readonly string[], notInstalled?: string): { run: Run; lines: string[] } {
	const options = readOptions(args);
	if (options === undefined) throw new TypeError("these arguments ask for help");
	const lines: string[] = [];
	return { run: new Run(options, { pinned: false, notInstalled, say: (line) => lines.push(line) }), lines };
}

test("a tiny run yields sane rows, and says how far it is", async () => {
	const args = ["rpc", "--stacks", "floor-net", "--no-floor", "--work", "sum,concat 10 KB"];
	const { run, lines } = runOf([...args, "--concurrency", "4", "--rounds", "1", "--milliseconds", "200"]);
	await rpc(run);
	expect(run.failures).toEqual([]);
	expect(run.rows.map(({ stack, work, concurrency }) => [stack, work, concurrency])).toEqual([
		["floor-net", "sum", 4],
		["floor-net", "concat 10 KB", 4],
	]);
	for (const row of run.rows) {
		expect(row.callsPerSecond).toBeGreaterThan(0);
		expect(row.p99us).toBeGreaterThanOrEqual(row.p50us);
		expect(row.cpuSecondsPer100k.client).toBeGreaterThan(0);
		expect(row.cpuSecondsPer100k.server).toBeGreaterThan(0);
		expect(row.ratioToFloor).toBe(1);
	}
	expect(lines).toContain("rpc: round 1 of 1");
});

test.each(
	stacks
		.filter(({ installed, only }) => !installed && only !== "wrk")
		.map((stack) => [stack.id, stack] as const),
)("%s answers every work that it offers", async (_, { file, serves }) => {
	const pair = await Pair.start({ file, serves, pinned: false });
	try {
		for (const work of ["sum", "concat 100 B", "concat 10 KB"] as const) {
			if (!pair.offers.includes(work.split(" ")[0] ?? "")) continue;
			const { calls } = await pair.measure({ type: "calls", work, concurrency: 2, milliseconds: 1 });
			expect(calls).toBeGreaterThan(0);
		}
		if (!pair.offers.includes("count")) return;
		expect(await pair.measure({ type: "stream", messages: 1_000 })).toMatchObject({ calls: 1_000 });
	} finally {
		await pair.stop();
	}
});

test("a stack that fails to start is reported, and the others go on", async () => {
	const { run } = runOf(["rpc"]);
	const missing: StackEntry = {
		id: "missing",
		file: "stacks/missing.ts",
		group: "peer",
		installed: false,
		serves: true,
	};
	const floor = stacks.filter(({ id }) => id === "floor-net");
	const running = await startPairs(run, "rpc", [missing, ...floor]);
	try {
		expect(running.map(({ stack }) => stack.id)).toEqual(["floor-net"]);
		expect(run.failures).toMatchObject([
			{ suite: "rpc", what: "missing", reason: expect.stringContaining("Cannot find module") },
		]);
	} finally {
		for (const { pair } of running) await pair.stop();
	}
});

test("peers that are not installed are reported", () => {
	const { run } = runOf(["rpc", "--stacks", "grpc", "--no-floor"], "no network");
	expect(run.stacks("rpc")).toEqual([]);
	expect(run.failures).toEqual([{ suite: "rpc", what: "grpc", reason: "no network" }]);
});
