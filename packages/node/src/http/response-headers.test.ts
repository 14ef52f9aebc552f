import { once } from "node:events";
import { connect } from "node:http2";
import { contract, Endpoints, type Logger, type LogLevel, method, stream } from "@allium/core";
import { get, routes } from "@allium/core/http";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { listen } from "../server/server.ts";

const Doubler = contract("doubler", {
	one: method({ effect: "read" }),
	many: method({ output: stream(z.object({ n: z.int() })), effect: "read" }),
});

/** A service whose handlers set each of these headers twice. */
async function open(...names: string[]) {
	const lines: [LogLevel, string, object | undefined][] = [];
	const logger: Logger = { log: (level, message, fields) => void lines.push([level, message, fields]) };
	const endpoints = new Endpoints({ logger });
	endpoints.serve(
		Doubler,
		{
			async one(_, ctx) {
				for (const name of names) ctx.response.headers.append(name, "1").append(name, "2");
			},
			async *many(_, ctx) {
				for (const name of names) ctx.response.headers.append(name, "1").append(name, "2");
				yield { n: 1 };
			},
		},
		{ routes: routes(Doubler, { one: get("/one") }) },
	);
	const listener = await listen(endpoints, { logger });
	const [url = ""] = listener.addresses;
	return { url, lines, [Symbol.asyncDispose]: () => listener.close() };
}

/** Sends a request over HTTP/2. Resolves with the headers of the answer. */
async function ask(url: string, path: string, body?: string) {
	const session = connect(url);
	const type = path === "/doubler/many" ? "text/event-stream" : "*/*";
	const head = { ":path": path, ":method": body === undefined ? "GET" : "POST", accept: type };
	const request = session.request({
		...head,
		...(body !== undefined && { "content-type": "application/json" }),
	});
	request.end(body);
	const [headers] = (await once(request, "response")) as [Record<string, string | number | string[]>];
	request.resume();
	await once(request, "end");
	session.destroy();
	return headers;
}

describe("response headers that a handler gives twice", () => {
	test.each([
		["a call", "/doubler/one", "{}"],
		["a route", "/one", undefined],
		["a stream", "/doubler/many", undefined],
	])(
		"go out once over HTTP/2 where HTTP takes one value, and the method is named: %s",
		async (_, path, body) => {
			await using server = await open("etag", "location", "x-own");
			expect(await ask(server.url, path, body)).toMatchObject({
				":status": 200,
				etag: "1",
				location: "1",
				"x-own": "1, 2",
			});
			expect(server.lines).toContainEqual([
				"warn",
				"a response header has several values, but HTTP takes one: the first was sent",
				{ method: path === "/doubler/many" ? "doubler/many" : "doubler/one", header: "location" },
			]);
		},
	);
});
