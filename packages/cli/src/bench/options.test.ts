import { expect, test } from "vitest";
import type { Words } from "../command/command.ts";
import { commands } from "../command/commands.ts";
import { readWords } from "../command/words.ts";
import { loadOptions } from "./options.ts";

function words(...line: string[]): Words {
	const command = commands.find(({ name }) => name === "bench");
	if (command === undefined) throw new Error("there is no bench");
	return readWords(command, ["add", "sum", ...line]);
}

test("by default it lasts ten seconds after one of warm-up; all else is as the load has it", () => {
	expect(loadOptions(words())).toEqual({ durationMs: 10_000, warmupMs: 1_000 });
});

test("all can be given", () => {
	const open = words("--rate", "0.5", "--arrivals", "poisson", "--concurrency", "7", "--timeout", "50ms");
	expect(loadOptions(open)).toMatchObject({ rate: 0.5, arrivals: "poisson", concurrency: 7, timeoutMs: 50 });
	const closed = words("--duration", "1m", "--warmup", "200ms", "--expected-interval", "4ms");
	expect(loadOptions(closed)).toMatchObject({ durationMs: 60_000, warmupMs: 200, expectedIntervalMs: 4 });
});

test.each(["0", "0s", "0ms"])("a warm-up of %s is none", (warmup) => {
	expect(loadOptions(words("--warmup", warmup))).toMatchObject({ warmupMs: 0 });
});

test.each([
	[["--rate", "fast"], '--rate takes a number above 0, at most 10000000, not "fast".'],
	[["--rate", "0"], '--rate takes a number above 0, at most 10000000, not "0".'],
	[["--concurrency", "1.5"], '--concurrency takes a whole number above 0, at most 1000000, not "1.5".'],
	[["--duration", "5"], '--duration takes a number and a unit, such as 500ms, 2s, 1.5m, 1h or 2d, not "5".'],
	[["--arrivals", "even"], "--arrivals is for an open loop; give a --rate as well."],
	[["--rate", "1", "--arrivals", "odd"], '--arrivals takes even or poisson, not "odd".'],
	[
		["--rate", "1", "--expected-interval", "1s"],
		"--expected-interval corrects a closed loop; with --rate there is nothing to correct.",
	],
])("what cannot be is told in one sentence: %j", (line, sentence) => {
	expect(() => loadOptions(words(...line))).toThrow(sentence);
});
