import { describe, expect, test } from "vitest";
import { readOptions, suiteNames, UsageError } from "./options.ts";

describe("the benchmark's options", () => {
	test("measure everything, and write the report, when nothing is given", () => {
		expect(readOptions([])).toMatchObject({
			suites: suiteNames,
			stacks: undefined,
			concurrencies: [1, 16, 64, 256],
			rounds: 5,
			pin: true,
			out: expect.stringMatching(/bench\/RESULTS\.md$/),
		});
	});

	test("narrow suites and stacks, the floors with them", () => {
		const options = readOptions(["rpc", "--stacks", "frames,nats", "--concurrency", "1,8"]);
		expect(options).toMatchObject({
			suites: ["rpc"],
			stacks: ["floor-net", "floor-http", "frames", "nats"],
			concurrencies: [1, 8],
		});
	});

	test("leave the floors out when told so", () => {
		expect(readOptions(["--stacks", "frames", "--no-floor"])?.stacks).toEqual(["frames"]);
	});

	test.each([[["rpc"]], [["--quick"]], [["--stacks", "frames"]], [["--work", "sum"]]])(
		"do not replace the report of a whole run by a part: %j",
		(args) => {
			expect(readOptions(args)?.out).toBeUndefined();
			expect(readOptions([...args, "--out", "part.md"])?.out).toBe("part.md");
		},
	);

	test("show help", () => {
		expect(readOptions(["--help"])).toBeUndefined();
	});

	test.each([
		[["nothing"], 'no suite is called "nothing"; there are rpc'],
		[["--stacks", "frames,x"], 'no stack is called "x"; there are floor-net'],
		[["--rounds", "0"], "--rounds takes whole numbers from 1 on"],
		[["--concurrency", "1,two"], "--concurrency takes whole numbers"],
		[["--what"], "Unknown option '--what'"],
	])("refuse %j in a sentence", (args, sentence) => {
		expect(() => readOptions(args)).toThrow(UsageError);
		expect(() => readOptions(args)).toThrow(sentence);
	});
});
