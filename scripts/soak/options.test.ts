import { describe, expect, test } from "vitest";
import { readOptions, UsageError } from "./options.ts";

describe("the arguments of a soak", () => {
	test("have defaults for all but the registry", () => {
		expect(readOptions(["nats://127.0.0.1:4222"])).toEqual({
			url: "nats://127.0.0.1:4222",
			instances: 100,
			watchers: 100,
			outageMs: 60_000,
			fault: "cut",
			steadyMs: 20_000,
			monitor: undefined,
		});
	});

	test("may only ask for help", () => {
		expect(readOptions(["--help"])).toBeUndefined();
	});

	test.each([
		[],
		["a:", "b:"],
		["a:", "--instances", "0"],
		["a:", "--outage", "long"],
		["a:", "--fault", "fire"],
		["a:", "--nothing"],
	])("are refused where they make no sense: %s %s %s", (...args) => {
		expect(() => readOptions(args)).toThrow(UsageError);
	});
});
