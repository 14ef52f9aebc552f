import { expect, test } from "vitest";
import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { describe } from "../contract/describe.ts";
import { type MethodSpec, method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { breakingDifferences, sideBySide } from "./differences.ts";

const described = (methods: Record<string, MethodSpec>) => describe(contract("shop", methods));

/** The differences that break callers when the only method of a contract changes from `before` to `after`. */
const between = (before: MethodSpec, after: MethodSpec): string[] =>
	breakingDifferences(described({ buy: before }), described({ buy: after }));
const request = (before: z.ZodType, after: z.ZodType) =>
	between(method({ input: before }), method({ input: after }));
const response = (before: z.ZodType, after: z.ZodType) =>
	between(method({ output: before }), method({ output: after }));

const base = z.object({ id: z.string(), count: z.int() });

test("methods that are missing or of another kind break callers; those that are added do not", () => {
	const before = described({ buy: method({}), list: method({}) });
	const after = described({ list: method({ output: stream(z.object({})) }), sell: method({}) });
	expect(breakingDifferences(before, after)).toEqual([
		"buy is missing",
		"list is server_stream instead of unary",
	]);
	expect(sideBySide(before, after).added).toEqual(["sell"]);
	expect(
		breakingDifferences(
			after,
			described({ ...{ list: method({ output: stream(z.object({})) }) }, sell: method({}) }),
		),
	).toEqual([]);
});

test.each([
	["wants another property", base, base.extend({ note: z.string() }), "note is required"],
	["wants a property that could be left out", base.partial({ id: true }), base, "id may be left out"],
	["takes another type", base, base.extend({ count: z.string() }), "count is integer where string is known"],
	["knows fewer values", z.object({ c: z.enum(["a", "b"]) }), z.object({ c: z.enum(["a"]) }), 'c may be "b"'],
	[
		"has a tighter bound",
		z.object({ n: z.int().max(10) }),
		z.object({ n: z.int().max(5) }),
		"n has the maximum 5",
	],
	[
		"has a bound deep inside",
		z.object({ l: z.array(base) }),
		z.object({ l: z.array(base.extend({ id: z.string().min(3) })) }),
		"l[].id has the minLength 3",
	],
] as const)("a request that %s breaks callers", (_, before, after, why) => {
	expect(request(before, after)).toEqual([expect.stringContaining(`the request of buy takes less: ${why}`)]);
	expect(request(after, before)).toEqual(why.includes("where") ? [expect.anything()] : []);
});

test.each([
	["may leave a property out", base, base.partial({ id: true }), "id may be left out"],
	["may be null", base, base.extend({ id: z.string().nullable() }), "id is null where string is known"],
	["knows more values", z.object({ c: z.enum(["a"]) }), z.object({ c: z.enum(["a", "b"]) }), 'c may be "b"'],
] as const)("a response that %s breaks callers", (_, before, after, why) => {
	expect(response(before, after)).toEqual([
		expect.stringContaining(`the response of buy may hold more: ${why}`),
	]);
	expect(response(after, before)).toEqual([]);
});

test.each([
	["a request with an optional property more", request(base, base.extend({ note: z.string().optional() }))],
	["a request with a looser bound", request(z.object({ n: z.int().max(5) }), z.object({ n: z.int() }))],
	[
		"a request that takes an integer for a number",
		request(z.object({ n: z.int() }), z.object({ n: z.number() })),
	],
	["a response with a property more", response(base, base.extend({ note: z.string() }))],
	[
		"other words",
		between(method({ summary: "Buys." }), method({ summary: "Buys it.", effect: "idempotent" })),
	],
] as const)("%s is compatible", (_, differences) => {
	expect(differences).toEqual([]);
});

test("of two contracts side by side the older version is what callers have; of one version, that which breaks less", () => {
	const of = (version: string, ...methods: string[]) =>
		describe(contract("shop", Object.fromEntries(methods.map((name) => [name, method({})])), { version }));
	const versions = sideBySide(of("9.0.0", "buy"), of("1.0.0", "buy", "list"));
	expect([versions.older.version, versions.breaking]).toEqual(["1.0.0", ["list is missing"]]);
	const same = sideBySide(of("1.0.0", "buy", "list"), of("1.0.0", "buy"));
	expect([same.breaking, same.added]).toEqual([[], ["list"]]);
});

test("schemas that contain themselves are compared", () => {
	interface Tree {
		readonly name: string;
		readonly children: readonly Tree[];
	}
	const tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), children: z.array(tree) }));
	expect(request(z.object({ tree }), z.object({ tree }))).toEqual([]);
});

test("another name on the wire breaks callers", () => {
	expect(between(method({}), method({ wireName: "Buy" }))).toEqual([
		"buy is called Buy on the wire instead of buy",
	]);
	expect(between(method({ wireName: "Buy" }), method({ wireName: "Buy" }))).toEqual([]);
});
