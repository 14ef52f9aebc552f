import { expect, describe as group, test } from "vitest";
import * as z from "zod";
import { contract } from "./contract.ts";
import { describe } from "./describe.ts";
import { contractFromDescription, isContractDescription } from "./from-description.ts";
import { method } from "./method.ts";
import { stream } from "./stream.ts";

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

/** As it comes over the wire. */
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

	test("refuses a name that no transport carries", () => {
		expect(() => contractFromDescription({ ...described, name: "a/b" })).toThrow(TypeError);
	});
});

group("isContractDescription", () => {
	test("accepts what describe makes", () => {
		expect(isContractDescription(described)).toBe(true);
	});

	test.each([
		null,
		[],
		{ ...described, name: 1 },
		{ ...described, methods: [] },
		{ ...described, methods: { buy: { ...described.methods.buy, kind: "both" } } },
		{ ...described, methods: { buy: { ...described.methods.buy, effect: "maybe" } } },
		{ ...described, methods: { buy: { ...described.methods.buy, input: true } } },
		{ ...described, methods: { buy: { ...described.methods.buy, errors: { gone: { code: "lost" } } } } },
	])("refuses what is none", (value) => {
		expect(isContractDescription(value)).toBe(false);
	});
});
