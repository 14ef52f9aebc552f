import { describe, expect, test } from "vitest";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { chain, type Endpoint, type Middleware, only } from "./endpoint.ts";

const Add = contract("add", { sum: method({}), concat: method({}) });
const ctx = Context.background();

/** Middleware that notes when a call passes it, on the way in and on the way out. */
function annotate(name: string, seen: string[]): Middleware {
	return (next, { path }) =>
		async (input, ctx) => {
			seen.push(`${name} pre ${path}`);
			const output = await next(input, ctx);
			seen.push(`${name} post`);
			return output;
		};
}

describe("chain", () => {
	test("example: the first is outermost", async () => {
		const seen: string[] = [];
		const endpoint: Endpoint = async () => void seen.push("my endpoint!");
		const layers = chain(annotate("first", seen), annotate("second", seen), annotate("third", seen));

		await layers(endpoint, Add.sum)({}, ctx);

		expect(seen).toEqual([
			"first pre add/sum",
			"second pre add/sum",
			"third pre add/sum",
			"my endpoint!",
			"third post",
			"second post",
			"first post",
		]);
	});

	test("of nothing is the endpoint itself", () => {
		const endpoint: Endpoint = async () => {};
		expect(chain()(endpoint, Add.sum)).toBe(endpoint);
	});

	test("makes each layer once for a method, not for a call", async () => {
		let made = 0;
		const counted: Middleware = (next) => {
			made++;
			return next;
		};
		const endpoint = chain(counted)(async () => {}, Add.sum);
		await endpoint({}, ctx);
		await endpoint({}, ctx);
		expect(made).toBe(1);
	});
});

describe("only", () => {
	const other: Endpoint = async () => "other";
	const replaced: Middleware = () => async () => "replaced";

	test("narrows a middleware to one method", async () => {
		const narrow = only("sum", replaced);
		expect(await narrow(other, Add.sum)({}, ctx)).toBe("replaced");
		expect(narrow(other, Add.concat)).toBe(other);
	});

	test("or to several", async () => {
		const narrow = only(["sum", "concat"], replaced);
		expect(await narrow(other, Add.concat)({}, ctx)).toBe("replaced");
	});
});
