import { expect, describe as group, test } from "vitest";
import * as z from "zod";
import type { BinaryCodec } from "../codec/codec.ts";
import { methodCodecs } from "../codec/method-codecs.ts";
import { protoFormat } from "../codec/proto-format.ts";
import { contract } from "../contract/contract.ts";
import { describe } from "../contract/describe.ts";
import { event } from "../contract/event.ts";
import { type Method, method } from "../contract/method.ts";
import type { Schema } from "../contract/schema.ts";
import { stream } from "../contract/stream.ts";
import { contractFromDescription, type DescribedFormat, isContractDescription } from "./from-description.ts";

const Shop = contract(
	"shop",
	{
		buy: method({
			summary: "Buys one.",
			input: z.object({ id: z.string(), count: z.int().default(1) }),
			output: z.object({ price: z.number() }),
			errors: {
				sold_out: { code: "failed_precondition", message: "gone", data: z.object({ id: z.string() }) },
			},
			effect: "idempotent",
			meta: { cost: 3 },
		}),
		ping: method({ effect: "read" }),
		prices: method({ output: stream(z.object({ price: z.number() })), effect: "read" }),
		upload: method({ input: stream(z.string()), output: z.object({ count: z.int() }) }),
		chat: method({ input: stream(z.string()), output: stream(z.string()) }),
	},
	{ version: "1.2.0", summary: "Sells.", meta: { team: "a" } },
);

const named = (name: string): BinaryCodec => ({
	name,
	binary: true,
	encode: () => new Uint8Array(),
	decode: () => ({}),
});

/** A description as it arrives over the wire. */
const described = JSON.parse(JSON.stringify(describe(Shop)));

group("a contract made from a description", () => {
	test("describes itself as the contract that it was made from", () => {
		expect(describe(contractFromDescription(described))).toEqual(described);
	});

	test("has the same kinds, effects and paths", () => {
		const facts = ({ path, kind, effect }: { path: string; kind: string; effect: string }) => [
			path,
			kind,
			effect,
		];
		const made = contractFromDescription(described);
		expect(made["~allium"].methods.map(facts)).toEqual(Shop["~allium"].methods.map(facts));
	});

	test("leaves an input that was not given away, so that it need not be sent", () => {
		expect(contractFromDescription(described).ping?.input).toBeUndefined();
	});

	test("speaks the formats that are described, where it is given what reads them", () => {
		const schema = (name: string): Schema => Object.assign(z.string(), { "~wire": { proto: named(name) } });
		const Users = contract(
			"users",
			{ getUser: { wireName: "GetUser", input: schema("Id"), output: stream(schema("User")) } },
			{ wire: { proto: "set of files" } },
		);
		const seen: string[] = [];
		const proto: DescribedFormat = {
			name: "proto",
			read(wire) {
				seen.push(wire);
				return (name, side) => ({ proto: named(`${name} ${side}`) });
			},
		};
		const told = JSON.parse(JSON.stringify(describe(Users)));
		const made = contractFromDescription(told, { formats: [proto] });
		expect(describe(made)).toEqual(told);
		expect(seen).toEqual(["set of files"]);
		const getUser = made.getUser as Method;
		expect(getUser.path).toBe("users/GetUser");
		const codecs = methodCodecs(getUser, protoFormat);
		expect([codecs?.input.name, codecs?.output.name]).toEqual(["getUser input", "getUser output"]);
		expect(methodCodecs(contractFromDescription(told).getUser as Method, protoFormat)).toBeUndefined();
	});

	test("has the events that are described", () => {
		const Sales = contract("sales", {
			list: method({ effect: "read" }),
			sold: event({
				summary: "Sold.",
				meta: { ui: 1 },
				key: "id",
				version: 3,
				data: z.object({ id: z.string() }),
				upcast: { 1: String, 2: () => ({ id: "a" }) },
			}),
			returned: event({ data: z.object({ id: z.string(), count: z.int().default(1) }) }),
		});
		const told = JSON.parse(JSON.stringify(describe(Sales)));
		const made = contractFromDescription(told);
		expect(describe(made)).toEqual(told);
		expect(made["~allium"].methods.map(({ name }) => name)).toEqual(["list"]);
		expect(made["~allium"].events).toEqual([
			expect.objectContaining({ type: "sales.sold", kind: "event", key: "id", version: 3 }),
			expect.objectContaining({ type: "sales.returned" }),
		]);
		expect(made["~allium"].events[0]?.upcast[1]?.({ id: 1 })).toEqual({ id: 1 });
	});

	test("refuses a name that no transport carries", () => {
		expect(() => contractFromDescription({ ...described, name: "a/b" })).toThrow(TypeError);
	});
});

group("isContractDescription", () => {
	test("accepts what describe makes", () => {
		expect(isContractDescription(described)).toBe(true);
		const events = { sold: { version: 3, oldestVersion: 1, key: "id", summary: "Sold.", data: {} } };
		expect(isContractDescription({ ...described, events })).toBe(true);
	});

	test.each([
		null,
		[],
		{ ...described, name: 1 },
		{ ...described, methods: [] },
		{ ...described, wire: { proto: 1 } },
		{ ...described, methods: { buy: { ...described.methods.buy, wireName: 1 } } },
		{ ...described, methods: { buy: { ...described.methods.buy, kind: "both" } } },
		{ ...described, methods: { buy: { ...described.methods.buy, effect: "maybe" } } },
		{ ...described, methods: { buy: { ...described.methods.buy, input: true } } },
		{ ...described, methods: { buy: { ...described.methods.buy, errors: { gone: { code: "lost" } } } } },
		{ ...described, methods: { buy: { ...described.methods.buy, kind: "event" } } },
		{ ...described, events: [] },
		{ ...described, events: { sold: 1 } },
		{ ...described, events: { sold: { version: 1 } } },
		{ ...described, events: { sold: { version: 0, data: {} } } },
		{ ...described, events: { sold: { version: "1", data: {} } } },
		{ ...described, events: { sold: { version: 1, oldestVersion: 2, data: {} } } },
		{ ...described, events: { sold: { version: 1e15, oldestVersion: 1, data: {} } } },
		{ ...described, events: { sold: { version: 1, key: 1, data: {} } } },
		{ ...described, events: { sold: { version: 1, summary: 1, data: {} } } },
	])("refuses what is none", (value) => {
		expect(isContractDescription(value)).toBe(false);
	});
});
