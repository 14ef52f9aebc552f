import { contract, jsonCodec, method, type Schema, type Service, stream, type TextCodec } from "@allium/core";
import { post as postRoute, routes } from "@allium/core/http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { post, System } from "../fixtures/system.ts";
import { RawJson, rawJsonCodec } from "./raw-json.ts";

let system: System;
beforeEach(async () => {
	system = await System.create();
});
afterEach(() => system[Symbol.asyncDispose]());

describe("JSON that is not read", () => {
	test("is written as it came", () => {
		const text = '{ "n": 12345678901234567890 }';
		expect(rawJsonCodec.encode(rawJsonCodec.decode(text))).toBe(text);
	});

	test("is decoded for code that writes it as a part of something else", () => {
		expect(JSON.stringify({ event: new RawJson('{\n"a": [1]\n}') })).toBe('{"event":{"a":[1]}}');
	});

	test("stands beside messages that were made here", () => {
		expect(rawJsonCodec.encode({ a: 1 })).toBe('{"a":1}');
		expect(rawJsonCodec.encode(undefined)).toBe("{}");
	});
});

/** Texts as they arrive at the service; its answers are texts, too. */
const seen: string[] = [];
const verbatim: TextCodec = {
	name: "json",
	binary: false,
	encode: (message) => String(message),
	decode(text) {
		seen.push(text);
		return jsonCodec.decode(text);
	},
};
const anyJson = { input: () => ({}), output: () => ({}) };
const standard = {
	version: 1 as const,
	vendor: "test",
	validate: (value: unknown) => ({ value }),
	jsonSchema: anyJson,
};
const texts: Schema = Object.assign({ "~standard": standard }, { "~wire": { json: verbatim } });

const Ledger = contract("ledger", {
	enter: method({ input: texts, output: texts }),
	watch: method({ output: stream(texts), effect: "read" }),
});
const unusual = '{ "n": 12345678901234567890,\n"n": 1.0, "e": 1e2, "u": "\\u00e9" }';

const ledger: Service<typeof Ledger> = {
	enter: async () => unusual,
	async *watch() {
		yield unusual;
	},
};

test("a message passes through the gateway as the bytes that came, both ways", async () => {
	await system.serve((app) => app.serve(Ledger, ledger));
	const url = await system.open();
	seen.length = 0;
	const answer = await post(`${url}/ledger/enter`, unusual);
	expect([answer.status, await answer.text()]).toEqual([200, unusual]);
	expect(seen).toEqual([unusual]);
});

test("a message with line breaks is one event of an event stream", async () => {
	await system.serve((app) => app.serve(Ledger, ledger));
	const headers = { accept: "text/event-stream" };
	const events = await (await fetch(`${await system.open()}/ledger/watch`, { headers })).text();
	expect(events.split("\n\n")[0]).toBe(`data: ${JSON.stringify(JSON.parse(unusual))}`);
});

const Orders = contract("orders", {
	place: method({
		input: z.object({ item: z.string() }),
		output: z.object({ id: z.string(), item: z.string() }),
	}),
});
const orderRoutes = routes(Orders, {
	place: postRoute("/orders", { status: 201, headers: { location: "/orders/{id}" } }),
});
const orders = { place: async ({ item }: { item: string }) => ({ id: "7", item }) };

test("a REST route fills its headers from an output that passed through", async () => {
	await system.serve((app) => app.serve(Orders, orders, { routes: orderRoutes }));
	const answer = await post(`${await system.open()}/orders`, { item: "tea" });
	expect([answer.status, answer.headers.get("location")]).toEqual([201, "/orders/7"]);
	expect(await answer.json()).toEqual({ id: "7", item: "tea" });
});

test("middleware of the gateway sees messages decoded", async () => {
	await system.serve((app) => app.serve(Orders, orders));
	const messages: unknown[] = [];
	const url = await system.open({
		middleware: [
			(next) => async (input, ctx) => {
				const output = await next(input, ctx);
				messages.push(input, output);
				return output;
			},
		],
	});
	await post(`${url}/orders/place`, { item: "tea" });
	expect(messages).toEqual([{ item: "tea" }, { id: "7", item: "tea" }]);
});

describe("a text that is not JSON", () => {
	test.each([
		["a part of it", "{"],
		["nothing", ""],
		["a word", "undefined"],
	])("is refused as a service refuses it: %s", async (_, body) => {
		const service = await system.serve((app) => app.serve(Orders, orders));
		const direct = service.addresses.find((address) => address.startsWith("http:"));
		const [own, passed] = await Promise.all([
			post(`${direct}/orders/place`, body),
			post(`${await system.open()}/orders/place`, body),
		]);
		expect(passed.status).toBe(400);
		const { code, message } = (await passed.json()) as { code: string; message: string };
		expect({ code, message }).toMatchObject({
			code: "invalid_argument",
			message: expect.stringContaining("is not JSON"),
		});
		expect(await own.json()).toMatchObject({ code, message });
	});

	test("is refused before it reaches a service when it is no UTF-8", async () => {
		await system.serve((app) => app.serve(Orders, orders));
		const answer = await fetch(`${await system.open()}/orders/place`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: Uint8Array.of(0x22, 0xff, 0x22),
		});
		expect(answer.status).toBe(400);
		expect(await answer.json()).toMatchObject({ message: "the message is not UTF-8" });
	});
});
