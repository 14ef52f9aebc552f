import { type Context, causeOf, contract, createClient, method, once } from "@allium/core";
import { post as byPost, routes } from "@allium/core/http";
import { frames } from "@allium/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { post, System } from "./fixtures/system.ts";

const Payments = contract("payments", {
	pay: method({
		input: z.object({ amount: z.int() }),
		output: z.object({ id: z.string().nullable(), key: z.string().nullable() }),
	}),
	count: method({ output: z.object({ cause: z.string().nullable() }), effect: "read" }),
});

let system: System;
beforeEach(async () => {
	system = await System.create();
});
afterEach(() => system[Symbol.asyncDispose]());

/** Returns the cause of a call. */
const count = async (_: unknown, ctx: Context) => ({ cause: causeOf(ctx)?.id ?? null });

/** A gateway in front of a service that returns the id of each call. */
async function open(): Promise<string> {
	await system.serve((app) =>
		app.serve(
			Payments,
			{
				pay: async (_, { metadata }) => ({
					id: metadata.get("allium-call-id") ?? null,
					key: metadata.get("idempotency-key") ?? null,
				}),
				count,
			},
			{ routes: routes(Payments, { pay: byPost("/payments") }) },
		),
	);
	return system.open({ cors: ["https://shop.example"] });
}

async function pay(url: string, headers: Record<string, string> = {}, amount = 5): Promise<string | null> {
	const answer = await post(url, { amount }, headers);
	const { id } = (await answer.json()) as { id: string | null };
	return id;
}

const ann = { authorization: "Bearer ann", "idempotency-key": "order-7" };

describe.each(["/payments/pay", "/payments"])("a POST to %s with an Idempotency-Key", (path) => {
	test("reaches the service with the same id each time, whatever its input", async () => {
		const url = (await open()) + path;
		const id = await pay(url, ann);
		expect(id).not.toBeNull();
		expect(await pay(url, ann)).toBe(id);
		expect(await pay(url, ann, 6)).toBe(id);
	});

	test("is another call when another caller sends the key", async () => {
		const url = (await open()) + path;
		expect(await pay(url, { ...ann, authorization: "Bearer bob" })).not.toBe(await pay(url, ann));
	});

	test("is refused where others could guess the key of a caller without credentials", async () => {
		const answer = await post((await open()) + path, { amount: 5 }, { "idempotency-key": "order-7" });
		expect(answer.status).toBe(400);
		expect(await answer.text()).toContain("is a UUID");
	});
});

describe("with once(), a payment", () => {
	/** A gateway in front of a service that carries a payment out once, and counts the calls. */
	async function paying() {
		const amounts: number[] = [];
		await system.serve((app) =>
			app.serve(
				Payments,
				{
					pay: async ({ amount }) => {
						amounts.push(amount);
						return { id: `payment ${amounts.length}`, key: null };
					},
					count,
				},
				{ routes: routes(Payments, { pay: byPost("/payments") }), middleware: [once()] },
			),
		);
		return { url: await system.open(), amounts };
	}

	test.each(["/payments/pay", "/payments"])(
		"is made once by two requests to %s with one key",
		async (path) => {
			const { url, amounts } = await paying();
			const answers = [await pay(url + path, ann), await pay(url + path, ann)];
			expect(answers).toEqual(["payment 1", "payment 1"]);
			expect(amounts).toEqual([5]);
		},
	);

	test("is made once by requests at the same time", async () => {
		const { url, amounts } = await paying();
		const answers = await Promise.all(Array.from({ length: 5 }, () => pay(`${url}/payments/pay`, ann)));
		expect(new Set(answers)).toEqual(new Set(["payment 1"]));
		expect(amounts).toEqual([5]);
	});

	test("is made by each caller that sends the key", async () => {
		const { url, amounts } = await paying();
		await pay(`${url}/payments/pay`, ann);
		await pay(`${url}/payments/pay`, { ...ann, authorization: "Bearer bob" });
		expect(amounts).toEqual([5, 5]);
	});

	test("with the key of another one is refused", async () => {
		const { url, amounts } = await paying();
		await pay(`${url}/payments/pay`, ann);
		const answer = await post(`${url}/payments/pay`, { amount: 6 }, ann);
		expect(answer.status).toBe(400);
		expect(await answer.text()).toContain("key_reused");
		expect(amounts).toEqual([5]);
	});
});

test("a key means nothing to a method that only reads, not even one that would be refused", async () => {
	const answer = await post(`${await open()}/payments/count`, {}, { "idempotency-key": "order-7" });
	expect(await answer.json()).toEqual({ cause: null });
});

test("strangers cannot name their calls as services do", async () => {
	const url = await open();
	expect(await pay(`${url}/payments/pay`, { "allium-call-id": "mine" })).toBeNull();
	await using client = createClient(Payments, {
		url: url.replace("http:", "allium:"),
		transports: [frames()],
		callIds: true,
	});
	expect(await client.pay({ amount: 5 })).toMatchObject({ id: null });
});

test("pages that may call may send the key", async () => {
	const answer = await fetch(`${await open()}/payments/pay`, {
		method: "OPTIONS",
		headers: {
			origin: "https://shop.example",
			"access-control-request-method": "POST",
			"access-control-request-headers": "content-type,idempotency-key",
		},
	});
	expect(answer.headers.get("access-control-allow-headers")).toContain("idempotency-key");
});
