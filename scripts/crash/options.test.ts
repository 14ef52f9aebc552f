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
			kill: "workers",
			outageMs: 0,
		});
	});

	test("may name a kind of server that is killed", () => {
		const server = ["nats:", "--kill", "server"];
		expect(readArguments(server)).toMatchObject({ url: "nats:", kill: "server", outageMs: 0 });
		expect(readArguments([...server, "--outage", "60"])).toMatchObject({ outageMs: 60_000 });
	});

	test("may name an event store", () => {
		expect(readArguments(["store", "sqlite:/tmp/crash", "--cycles", "10"])).toEqual({
			url: "sqlite:/tmp/crash",
			module: "@allium/sqlite",
			kill: "writers",
			cycles: 10,
			writers: 3,
		});
	});

	test("may name the database of views", () => {
		expect(readArguments(["views", "postgres:", "--cycles", "10", "--ttl", "500"])).toEqual({
			url: "postgres:",
			module: "@allium/postgres",
			kill: "projectors",
			cycles: 10,
			workers: 3,
			ttlMs: 500,
		});
	});

	test("may name the store and the broker of a relay", () => {
		const relay = ["relay", "sqlite:/tmp/crash", "nats:", "--cycles", "10"];
		const expected = {
			store: { url: "sqlite:/tmp/crash", module: "@allium/sqlite" },
			broker: { url: "nats:", module: "@allium/nats" },
			kill: "relays",
			killsBroker: false,
			cycles: 10,
			workers: 3,
			ttlMs: 600,
		};
		expect(readArguments(relay)).toEqual(expected);
		expect(readArguments([...relay, "--kill", "both"])).toEqual({ ...expected, killsBroker: true });
	});

	test("say why a store in memory is none to be crashed", () => {
		expect(() => readArguments(["store", "memory:"])).toThrow(/ends with its process/);
	});

	test("may only ask for help", () => {
		expect(readArguments(["--help"])).toBeUndefined();
	});

	test.each([
		[],
		["sqlite:", "nats:"],
		["store"],
		["store", "nats:"],
		["store", "postgres:", "--kill", "server"],
		["views"],
		["relay", "sqlite:"],
		["relay", "nats:", "nats:"],
		["relay", "sqlite:", "nats:", "amqp:"],
		["relay", "sqlite:", "nats://127.0.0.1", "--kill", "both"],
		["relay", "sqlite:", "nats:", "--kill", "server"],
		["views", "nats:"],
		["views", "sqlite:", "--kill", "server"],
		["views", "sqlite:", "--workers", "1"],
		["fire:"],
		["sqlite:", "--cycles", "0"],
		["sqlite:", "--workers", "1"],
		["sqlite:", "--ttl", "soon"],
		["sqlite:", "--nothing"],
		["nats:", "--kill", "all"],
		["sqlite:/tmp/crash", "--kill", "server"],
		["nats:", "--outage", "60"],
		["nats://127.0.0.1:4222", "--kill", "both"],
	])("are refused where they make no sense: %s %s %s", (...args) => {
		expect(() => readArguments(args)).toThrow(UsageError);
	});
});
