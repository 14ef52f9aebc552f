import { Context, contract, type Endpoint, type Middleware, method, ServiceError } from "@allium/core";
import { describe, expect, test, vi } from "vitest";
import { reported } from "./reported.ts";

const Shop = contract("shop", { buy: method({}) });

/** The error that a caller gets from a gateway with this middleware, and the lines that are logged. */
async function through(middleware: Middleware, tellsMistakes = false) {
	const log = vi.fn();
	const next: Endpoint = async () => ({});
	const endpoint = reported([middleware], { logger: { log }, tellsMistakes })(next, Shop.buy);
	const seen: unknown = await endpoint({}, Context.background()).catch((error: unknown) => error);
	return { seen, logged: log.mock.calls };
}

describe("the middleware of a gateway", () => {
	test("may refuse a call", async () => {
		const refusal = new ServiceError({ code: "resource_exhausted" });
		const { seen, logged } = await through(() => () => Promise.reject(refusal));
		expect([seen, logged]).toEqual([refusal, []]);
	});

	test("that throws anything else is logged in full, and internal without detail", async () => {
		const bug = new Error("a secret");
		const { seen, logged } = await through(() => () => Promise.reject(bug));
		expect(seen).toMatchObject({ code: "internal", message: "internal error" });
		const message = "middleware of the gateway threw an error that is no ServiceError";
		expect(logged).toEqual([["error", message, { method: "shop/buy", error: bug }]]);
	});

	test("that forgets to return is named in the log, and in development to the caller", async () => {
		const audit: Middleware = (next) => (input, ctx) => void next(input, ctx) as never;
		const told =
			"the gateway's middleware 1 (audit) of shop/buy returned nothing instead of a promise: write return next(input, ctx)";
		const { seen, logged } = await through(audit);
		expect(seen).toMatchObject({ code: "internal", message: "internal error" });
		expect(logged).toEqual([["error", told, { method: "shop/buy" }]]);
		expect((await through(audit, true)).seen).toMatchObject({ code: "internal", message: told });
	});
});
