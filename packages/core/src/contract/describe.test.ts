import { describe, expect, test } from "vitest";
import * as z from "zod";
import { contract } from "./contract.ts";
import { describe as describeContract } from "./describe.ts";
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

describe("the hash of a contract", () => {
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
