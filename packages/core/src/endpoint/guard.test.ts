import { describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { noMetadata } from "../context/metadata.ts";
import { contract } from "../contract/contract.ts";
import { describe as describeContract } from "../contract/describe.ts";
import { method } from "../contract/method.ts";
import type { SecurityScheme } from "../contract/security.ts";
import { contractFromDescription, isContractDescription } from "../reflection/from-description.ts";
import { Endpoints } from "../server/endpoints.ts";
import { describeGuard, type Guard, type GuardDescription, guardsOperations } from "./guard.ts";

const Shop = contract("shop", { list: method({ effect: "read" }), buy: method({}) });
const letAllIn: Guard = (_, ctx) => ctx;
const token: SecurityScheme = { type: "http", scheme: "bearer", bearerFormat: "JWT" };

/** The security that the description of a service states for its guard. */
function securityBehind(description: GuardDescription) {
	const endpoints = new Endpoints({ guard: describeGuard(letAllIn, description) });
	endpoints.serve(Shop, { list: async () => {}, buy: async () => {} });
	return describeContract(Shop, [], endpoints.securityOf("shop")).security;
}

describe("a guard with a description", () => {
	test("decides as before", () => {
		const guard = vi.fn<Guard>((_, ctx) => ctx);
		const ctx = Context.background();
		const request = { peer: { address: "here" }, path: "shop/list", metadata: noMetadata };
		expect(describeGuard(guard, {})(request, ctx)).toBe(ctx);
		expect(guard).toHaveBeenCalledExactlyOnceWith(request, ctx);
	});

	test("is asked for the operations routes only when it says so", () => {
		expect(guardsOperations(undefined)).toBe(false);
		expect(guardsOperations(letAllIn)).toBe(false);
		expect(guardsOperations(describeGuard(letAllIn, {}))).toBe(false);
		expect(guardsOperations(describeGuard(letAllIn, { operations: true }))).toBe(true);
	});

	test("is told by the description of the services behind it, and changes their hash", () => {
		expect(securityBehind({ schemes: { token } })).toEqual([{ schemes: { token } }]);
		const open = describeContract(Shop);
		expect(describeContract(Shop, [], [{ schemes: { token } }]).hash).not.toBe(open.hash);
	});

	test("tells each service only what of it is open", () => {
		expect(securityBehind({ schemes: { token }, open: ["shop/list", "bank/rate"] })).toEqual([
			{ schemes: { token }, open: ["shop/list"] },
		]);
		expect(securityBehind({ schemes: { token }, open: ["shop"] })).toBeUndefined();
		expect(securityBehind({ operations: true })).toBeUndefined();
	});

	test("survives the wire, where a malformed one is refused", () => {
		const described = describeContract(Shop, [], [{ schemes: { token }, open: ["shop/list"] }]);
		const read: unknown = JSON.parse(JSON.stringify(described));
		expect(isContractDescription(read)).toBe(true);
		expect(contractFromDescription(described)["~allium"].methods).toHaveLength(2);
		for (const security of [
			{},
			[1],
			[{}],
			[{ schemes: { token: { type: "magic" } } }],
			[{ schemes: {}, open: 1 }],
		])
			expect(isContractDescription({ ...described, security })).toBe(false);
	});

	test.each<[string, unknown]>([
		['the security scheme "a b" needs a name of letters', { schemes: { "a b": token } }],
		['the security scheme "token" has a type other than http', { schemes: { token: { type: "bearer" } } }],
		[
			'the security scheme "token" lacks its scheme, such as "bearer"',
			{ schemes: { token: { type: "http" } } },
		],
		[
			'the security scheme "key" stands in a header or in a cookie',
			{ schemes: { key: { type: "apiKey", in: "query", name: "key" } } },
		],
		[
			'the security scheme "key" lacks the name of its header or cookie',
			{ schemes: { key: { type: "apiKey", in: "header", name: "x key" } } },
		],
		['open takes services, or service/method, and got "/shop/list"', { schemes: {}, open: ["/shop/list"] }],
	])("is refused: %s", (problem, description) => {
		expect(() => describeGuard(letAllIn, description as GuardDescription)).toThrow(problem);
	});
});
