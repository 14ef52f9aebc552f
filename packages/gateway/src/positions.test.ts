import { Context, contract, createClient, method, ResponseMetadata } from "@allium/core";
import { post as byPost, get, routes } from "@allium/core/http";
import { frames } from "@allium/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { post, System } from "./fixtures/system.ts";

const Account = contract("account", {
	deposit: method({}),
	balance: method({ output: z.object({ after: z.array(z.string()) }), effect: "read" }),
});

const position = "0198c0de;account;3;e1;0000000000b-1x;a%2C1";

let system: System;
let url: string;
beforeEach(async () => {
	system = await System.create();
	await system.serve((app) =>
		app.serve(
			Account,
			{
				async deposit(_, ctx) {
					ctx.response.headers.append("allium-position", position);
				},
				balance: async (_, ctx) => ({ after: ctx.metadata.getAll("allium-position").map(String) }),
			},
			{ routes: routes(Account, { deposit: byPost("/deposits"), balance: get("/balance") }) },
		),
	);
	url = await system.open({ cors: ["https://shop.example"] });
});
afterEach(() => system[Symbol.asyncDispose]());

describe("a position of events", () => {
	test.each(["/account/deposit", "/deposits"])("comes back with the reply to a POST to %s", async (path) => {
		expect((await post(url + path)).headers.get("allium-position")).toBe(position);
	});

	test.each(["/account/balance?encoding=json&message={}", "/balance"])(
		"reaches a read by GET %s",
		async (path) => {
			const answer = await fetch(url + path, { headers: { "allium-position": position } });
			expect(await answer.json()).toEqual({ after: [position] });
		},
	);

	test("travels both ways over frames", async () => {
		await using client = createClient(Account, {
			url: url.replace("http:", "allium:"),
			transports: [frames()],
		});
		const received = new ResponseMetadata();
		await client.deposit({}, Context.background().withResponse(received));
		const sent = received.headers.getAll("allium-position").map(String);
		expect(sent).toEqual([position]);
		const ctx = Context.background().withMetadata({ "allium-position": sent });
		expect(await client.balance({}, ctx)).toEqual({ after: [position] });
	});

	test("may be sent and read by pages that may call", async () => {
		const origin = "https://shop.example";
		const asked = {
			origin,
			"access-control-request-method": "POST",
			"access-control-request-headers": "content-type,allium-position",
		};
		const allowed = await fetch(`${url}/account/balance`, { method: "OPTIONS", headers: asked });
		expect(allowed.headers.get("access-control-allow-headers")).toContain("allium-position");
		const answer = await post(`${url}/account/deposit`, {}, { origin });
		expect(answer.headers.get("access-control-expose-headers")).toBe("*");
	});
});
