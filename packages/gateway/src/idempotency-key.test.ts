import { contract, createClient, method } from "@allium/core";
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
});

let system: System;
beforeEach(async () => {
	system = await System.create();
});
afterEach(() => system[Symbol.asyncDispose]());

/** A gateway before a service that tells the id of each call. */
async function open(): Promise<string> {
	await system.serve((app) =>
		app.serve(
			Payments,
			{
				pay: async (_, { metadata }) => ({
					id: metadata.get("allium-call-id") ?? null,
					key: metadata.get("idempotency-key") ?? null,
				}),
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
