import { describe, expect, test } from "vitest";
import * as z from "zod";
import { contract } from "./contract.ts";
import { describe as describeContract } from "./describe.ts";
import { event } from "./event.ts";
import { method } from "./method.ts";
import { stream } from "./stream.ts";

const make = (version = "1.0.0", field = z.int()) =>
	contract(
		"add",
		{
			sum: method({
				summary: "Adds.",
				meta: { ui: "form" },
				input: z.object({ a: field }),
				output: z.object({ v: z.int().default(0) }),
				errors: {
					two_zeroes: { code: "invalid_argument", message: "can't sum two zeroes" },
					overflow: { code: "out_of_range", data: z.object({ max: z.number() }) },
				},
				effect: "read",
			}),
			primes: method({ output: stream(z.object({ prime: z.number() })) }),
		},
		{ version, summary: "Arithmetic.", meta: { team: "maths" } },
	);

describe("the description of a contract", () => {
	const described = describeContract(make());

	test("is plain JSON", () => {
		expect(JSON.parse(JSON.stringify(described))).toEqual(described);
	});

	test("tells name, version and docs", () => {
		const { methods: _, hash: __, ...rest } = described;
		expect(rest).toEqual({
			name: "add",
			version: "1.0.0",
			summary: "Arithmetic.",
			meta: { team: "maths" },
		});
	});

	test("tells each method's kind, effect and docs", () => {
		const { sum, primes } = described.methods;
		expect(sum).toMatchObject({ kind: "unary", effect: "read", summary: "Adds.", meta: { ui: "form" } });
		expect(primes).toMatchObject({ kind: "server_stream", effect: "write" });
		expect(primes).not.toHaveProperty("summary");
	});

	test("shows the input as it is accepted and the output as it is yielded", () => {
		const { sum } = described.methods;
		expect(sum?.input).toMatchObject({ properties: { a: { type: "integer" } }, required: ["a"] });
		expect(sum?.output).toMatchObject({ required: ["v"] });
	});

	test("shows one message of a stream, and the empty object for a side that is missing", () => {
		const { primes } = described.methods;
		expect(primes?.output).toMatchObject({ properties: { prime: { type: "number" } } });
		expect(primes?.input).toEqual({ type: "object", properties: {}, additionalProperties: false });
	});

	test("shows {} for what a schema cannot tell", () => {
		const Loose = contract("loose", { run: method({ output: z.string().transform(Number) }) });
		expect(describeContract(Loose).methods.run?.output).toEqual({});
	});

	test("shows the declared errors with their data", () => {
		expect(described.methods.sum?.errors).toEqual({
			two_zeroes: { code: "invalid_argument", message: "can't sum two zeroes" },
			overflow: {
				code: "out_of_range",
				data: expect.objectContaining({ properties: { max: { type: "number" } } }),
			},
		});
	});
});

describe("the description of a contract that is spoken in further formats", () => {
	const serve = (proto?: string) =>
		describeContract(
			contract(
				"users",
				{ getUser: method({ wireName: "GetUser" }) },
				proto === undefined ? {} : { wire: { proto } },
			),
		);

	test("tells names on the wire, and what the formats take", () => {
		const described = serve("AQI");
		expect(described.methods.getUser?.wireName).toBe("GetUser");
		expect(described.wire).toEqual({ proto: "AQI" });
		expect(serve()).not.toHaveProperty("wire");
	});

	test("has a hash that changes with them", () => {
		expect(new Set([serve(), serve("AQI"), serve("AQM")].map(({ hash }) => hash)).size).toBe(3);
	});
});

describe("the description of events", () => {
	const data = z.object({ id: z.string(), size: z.int().default(19) });
	const withEvents = (events: Parameters<typeof contract>[1]) =>
		describeContract(contract("matches", { create: method({}), ...events }));
	const started = event({ data, key: "id", summary: "A match began.", meta: { ui: 1 } });

	test("tells each event's version, key, docs, and data as they are stored", () => {
		expect(withEvents({ started }).events).toEqual({
			started: {
				version: 1,
				key: "id",
				summary: "A match began.",
				meta: { ui: 1 },
				data: expect.objectContaining({
					properties: { id: { type: "string" }, size: expect.objectContaining({ type: "integer" }) },
					required: ["id", "size"],
				}),
			},
		});
	});

	test("tells the earliest version that can be read, where there are upcasts", () => {
		const ended = event({ data, version: 4, upcast: { 2: String, 3: () => ({ id: "a" }) } });
		expect(withEvents({ ended }).events?.ended).toMatchObject({ version: 4, oldestVersion: 2 });
		expect(withEvents({ started }).events?.started).not.toHaveProperty("oldestVersion");
	});

	test("leaves out what is private, and all of it where nothing is left", () => {
		const secret = event({ data, private: true });
		expect(Object.keys(withEvents({ started, secret }).events ?? {})).toEqual(["started"]);
		expect(withEvents({ secret })).toEqual(withEvents({}));
		expect(withEvents({})).not.toHaveProperty("events");
	});

	test("changes the hash with what subscribers could notice", () => {
		const described = [
			withEvents({}),
			withEvents({ started }),
			withEvents({ started: event({ data }) }),
			withEvents({ started: event({ data, version: 2 }) }),
			withEvents({ started: event({ data, version: 2, upcast: { 1: () => ({ id: "a" }) } }) }),
			withEvents({ started: event({ data: data.extend({ at: z.string() }) }) }),
		];
		expect(new Set(described.map(({ hash }) => hash)).size).toBe(described.length);
	});

	test("is plain JSON", () => {
		const described = withEvents({ started });
		expect(JSON.parse(JSON.stringify(described))).toEqual(described);
	});
});

describe("the hash of a contract", () => {
	test("stays what it was before contracts could have events", () => {
		expect(describeContract(make()).hash).toBe("ce902cd81d448fe2");
	});

	test("is the same for the same contract", () => {
		expect(describeContract(make()).hash).toBe(describeContract(make()).hash);
		expect(describeContract(make()).hash).toMatch(/^[0-9a-f]{16}$/);
	});

	test("changes with what callers could notice", () => {
		const hashes = [make(), make("1.0.1"), make("1.0.0", z.int().min(1))].map(
			(c) => describeContract(c).hash,
		);
		expect(new Set(hashes).size).toBe(3);
	});
});
