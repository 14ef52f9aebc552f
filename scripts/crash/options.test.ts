import { describe, expect, test } from "vitest";
import { readArguments, UsageError } from "./options.ts";

describe("the arguments of a crash run", () => {
	test("have defaults for all but the broker", () => {
		expect(readArguments(["sqlite:/tmp/crash"])).toEqual({
			url: "sqlite:/tmp/crash",
			module: "@allium/sqlite",
			cycles: 1_000,
			workers: 3,
			ttlMs: 600,
		});
	});

	test("may only ask for help", () => {
		expect(readArguments(["--help"])).toBeUndefined();
	});

	test.each([
		[],
		["sqlite:", "nats:"],
		["fire:"],
		["sqlite:", "--cycles", "0"],
		["sqlite:", "--workers", "1"],
		["sqlite:", "--ttl", "soon"],
		["sqlite:", "--nothing"],
	])("are refused where they make no sense: %s %s %s", (...args) => {
		expect(() => readArguments(args)).toThrow(UsageError);
	});
});
