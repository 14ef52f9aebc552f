import { describe, expect, test } from "vitest";
import * as z from "zod";
import { anything } from "./anything.ts";
import { contract } from "./contract.ts";
import { event } from "./event.ts";
import { method } from "./method.ts";

const data = z.object({ id: z.string(), size: z.int().default(19) });

describe("an event of a contract", () => {
	const Matches = contract("matches", {
		create: method({}),
		started: event({ summary: "A match began.", meta: { ui: 1 }, key: "id", data }),
		ended: event({ data, version: 2, upcast: { 1: (old) => old }, private: true }),
	});
	const { started, ended } = Matches;

	test("is a property of the contract beside its methods, and in a list of its own", () => {
		expect(Object.keys(Matches)).toEqual(["create", "started", "ended"]);
		expect(Matches["~allium"].methods).toEqual([Matches.create]);
		expect(Matches["~allium"].events).toEqual([started, ended]);
	});

	test("tells its type, its path, and the facts that are declared", () => {
		const { service, name, type, path, kind, effect, key, version, summary, meta } = started;
		expect({ service, name, type, path }).toEqual({
			service: "matches",
			name: "started",
			type: "matches.started",
			path: "matches/started",
		});
		expect({ kind, effect, key, version, summary, meta }).toEqual({
			kind: "event",
			effect: "write",
			key: "id",
			version: 1,
			summary: "A match began.",
			meta: { ui: 1 },
		});
	});

	test("has no key and is not private unless it says otherwise", () => {
		expect([started.private, ended.private, ended.key]).toEqual([false, true, undefined]);
	});

	test("makes values with the data as they are, which are validated when they are published", () => {
		expect(started({ id: "a" })).toEqual({
			type: "matches.started",
			topic: "matches",
			name: "started",
			data: { id: "a" },
			of: started,
		});
	});

	test("cannot be changed", () => {
		expect(Object.isFrozen(started)).toBe(true);
		expect(Object.isFrozen(Matches["~allium"].events)).toBe(true);
	});

	test("may be all that a contract has", () => {
		expect(contract("news", { told: event({ data }) })["~allium"].methods).toEqual([]);
	});
});

/** Declares an event without the compiler's checks. */
const make = (init: object) => contract("matches", { ended: event(init as never) });

describe("a name", () => {
	test.each([
		["toJSON", /^event name "toJSON" is reserved by JavaScript/],
		["a/b", /^event name "a\/b" may have only letters/],
		["", /^event name "" may have only letters/],
	])("%j is refused", (name, message) => {
		expect(() => contract("matches", { [name]: event({ data }) })).toThrow(message);
	});

	test("that a method has on the wire is refused", () => {
		const specs = { begin: method({ wireName: "started" }), started: event({ data }) };
		expect(() => contract("matches", specs)).toThrow(
			'"begin" and "started" both have the path matches/started; give one of them another wireName',
		);
	});
});

describe("a version", () => {
	test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "2", null])("%j is refused", (version) => {
		expect(() => make({ data, version })).toThrow(/^matches\.ended: the version is .*; versions are 1, 2, 3/);
	});

	test("needs no upcasts where the earlier ones are no longer read", () => {
		expect(() => make({ data, version: 3 })).not.toThrow();
		expect(() => make({ data, version: 3, upcast: { 2: String } })).not.toThrow();
	});
});

describe("upcasts are refused", () => {
	test.each([
		["from the present version", 2, { 1: String, 2: String }, "upcasts are from the versions before 2"],
		["from a later one", 2, { 7: String }, "there is an upcast from version 7"],
		["from what is no version", 2, { "1.5": String }, "there is an upcast from version 1.5"],
		["of a first version", 1, { 0: String }, "there is an upcast from version 0"],
		["that end too early", 3, { 1: String }, "the upcast from version 2 to 3 is missing"],
		["with a gap", 5, { 1: String, 2: String, 4: String }, "events of version 1 could not be read"],
		["that are no functions", 2, { 1: "text" }, "the upcast from version 1 is no function"],
	])("%s", (_, version, upcast, message) => {
		expect(() => make({ data, version, upcast })).toThrow(message);
	});
});

describe("data that JSON cannot carry", () => {
	test("are refused", () => {
		expect(() => make({ data: z.object({ at: z.date() }) })).toThrow(
			/^matches\.ended: the data cannot cross the wire as JSON/,
		);
	});
});

describe("a key", () => {
	const id = { type: "string" };
	const object = (properties: object, required: string[] = ["id"]) => ({
		type: "object",
		properties,
		required,
	});

	test.each([
		["a string", object({ id })],
		["one of some strings", object({ id: { enum: ["a", "b"] } })],
		["a string in each part of a union", { anyOf: [object({ id }), object({ id: { const: "a" } })] }],
		["a string in a part of an intersection", { allOf: [object({ id }), object({}, [])] }],
		[
			"a string behind references",
			{ $ref: "#/$defs/d", $defs: { d: object({ id: { $ref: "#/$defs/s" } }), s: id } },
		],
		["what the schema does not describe", {}],
		["what the schema does not describe as a part", object({ id: {} })],
		["in an object of which nothing is described", { type: "object" }],
		["in a schema that consists of itself", { $ref: "#" }],
	])("may be %s", (_, schema) => {
		expect(() => make({ key: "id", data: anything(schema) })).not.toThrow();
	});

	test.each([
		["that the data lack", object({ other: id }, ["other"])],
		["that may be missing", object({ id }, [])],
		["that is a number", object({ id: { type: "integer" } })],
		["that may be a number", object({ id: { enum: ["a", 1] } })],
		["that may be null", object({ id: { anyOf: [id, { type: "null" }] } })],
		["that a part of a union lacks", { anyOf: [object({ id }), object({}, [])] }],
		["of data that are no object", id],
	])("is refused %s", (_, schema) => {
		expect(() => make({ key: "id", data: anything(schema) })).toThrow(
			'matches.ended: the key "id" is no string that all data have',
		);
	});

	test("may have a default", () => {
		expect(() => make({ key: "id", data: z.object({ id: z.string().default("all") }) })).not.toThrow();
	});
});
