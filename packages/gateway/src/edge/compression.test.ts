import { once } from "node:events";
import { connect } from "node:http2";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type Context, contract, method } from "@allium/core";
import { get, routes } from "@allium/core/http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { send } from "../fixtures/send.ts";
import { System } from "../fixtures/system.ts";

let system: System;
beforeEach(async () => {
	system = await System.create();
});
afterEach(() => system[Symbol.asyncDispose]());

describe("compression", () => {
	const long = "long ".repeat(1_000);

	async function echo(accept: string | undefined, text: string, options = {}) {
		await system.serve();
		const url = await system.open(options);
		const headers = {
			"content-type": "application/json",
			...(accept !== undefined && { "accept-encoding": accept }),
		};
		return send(`${url}/lab/echo`, { method: "POST", headers, body: JSON.stringify({ text }) });
	}

	test("brotli for a client that takes it", async () => {
		const { headers, body } = await echo("gzip, deflate, br", long);
		expect(headers["content-encoding"]).toBe("br");
		expect(headers.vary).toBe("accept-encoding");
		expect(Number(headers["content-length"])).toBe(body.length);
		expect(JSON.parse(brotliDecompressSync(body).toString())).toEqual({ text: long });
	});

	test("gzip for a client that takes only that", async () => {
		const { headers, body } = await echo("gzip, br;q=0", long);
		expect(headers["content-encoding"]).toBe("gzip");
		expect(JSON.parse(gunzipSync(body).toString())).toEqual({ text: long });
	});

	test("the gateway's own pages, too", async () => {
		const { headers, body } = await send(await system.open(), { headers: { "accept-encoding": "br" } });
		expect(headers["content-encoding"]).toBe("br");
		expect(brotliDecompressSync(body).toString()).toContain("Allium");
	});

	test.each([
		["who takes none", undefined, long, {}],
		["what is short", "br", "short", {}],
		["a gateway that shall not", "br", long, { compressFromBytes: Number.POSITIVE_INFINITY }],
	])("none for %s", async (_, accept, text, options) => {
		const { headers, body } = await echo(accept, text, options);
		expect(headers["content-encoding"]).toBeUndefined();
		expect(JSON.parse(body.toString())).toEqual({ text });
	});

	test("none for streams, which go out as they come", async () => {
		await system.serve();
		const url = await system.open();
		const answer = await fetch(`${url}/lab/ticks`, {
			headers: { accept: "text/event-stream", "accept-encoding": "br" },
		});
		expect(answer.headers.get("content-encoding")).toBeNull();
		for await (const chunk of answer.body ?? []) {
			expect(new TextDecoder().decode(chunk)).toContain('{"tick":0}');
			break;
		}
	});
});

/** A service whose answers have caching and compression headers. */
const Papers = contract("papers", {
	find: method({
		input: z.object({ id: z.string() }),
		output: z.object({ text: z.string() }),
		effect: "read",
	}),
});
const paperRoutes = routes(Papers, { find: get("/papers/{id}") });
const text = "long ".repeat(1_000);

/** Opens a gateway in front of a service whose papers have these headers. Resolves with the address of a paper. */
async function openPapers(headers: Record<string, string>, options = {}): Promise<string> {
	await system.serve((app) => {
		const find = async (_: { id: string }, ctx: Context) => {
			for (const [name, value] of Object.entries(headers)) ctx.response.headers.append(name, value);
			return { text };
		};
		app.serve(Papers, { find }, { routes: paperRoutes });
	});
	return `${await system.open(options)}/papers/7`;
}

describe("an answer that says how it may be kept", () => {
	test("has a strong tag as it is, and a weak one when it is compressed: its bytes are others", async () => {
		const url = await openPapers({ etag: '"one"' });
		const tag = async (accept: string) =>
			(await send(url, { headers: { "accept-encoding": accept } })).headers.etag;
		expect(await tag("identity")).toBe('"one"');
		expect(await tag("gzip")).toBe('W/"one"');
		expect(await tag("br")).toBe('W/"one"');
	});

	test("keeps a weak tag", async () => {
		const url = await openPapers({ etag: 'W/"one"' });
		const { headers } = await send(url, { headers: { "accept-encoding": "gzip" } });
		expect(headers.etag).toBe('W/"one"');
	});

	test("is not compressed when it may not be transformed", async () => {
		const url = await openPapers({ "cache-control": "private, no-transform", etag: '"one"' });
		const { headers, body } = await send(url, { headers: { "accept-encoding": "br" } });
		expect(headers).not.toHaveProperty("content-encoding");
		expect(headers.etag).toBe('"one"');
		expect(JSON.parse(body.toString())).toEqual({ text });
	});

	test("is not compressed for a client that wants it as it is", async () => {
		const url = await openPapers({});
		const asked = { "accept-encoding": "br", "cache-control": "no-transform" };
		const { headers } = await send(url, { headers: asked });
		expect(headers).not.toHaveProperty("content-encoding");
		expect(headers.vary).toBe("accept-encoding");
	});

	test("varies by what the service says and by what the gateway does", async () => {
		const url = await openPapers({ vary: "accept-language" }, { cors: ["https://app.example"] });
		const { headers } = await send(url, { headers: { "accept-encoding": "br" } });
		expect(headers.vary).toBe("accept-language, accept-encoding, origin");
	});

	test("varies by everything when the service says so", async () => {
		const url = await openPapers({ vary: "*" }, { cors: ["https://app.example"] });
		const { headers } = await send(url, { headers: { "accept-encoding": "br" } });
		expect(headers.vary).toBe("*");
	});
});

describe("a HEAD", () => {
	test.each(["identity", "gzip", "br"])("gets the head that a GET gets, for %s", async (accept) => {
		const url = await openPapers({ etag: '"one"' });
		const asked = { headers: { "accept-encoding": accept, "x-request-id": "one" } };
		const got = await send(url, asked);
		const head = await send(url, { ...asked, method: "HEAD" });
		expect({ ...head.headers, date: "" }).toEqual({ ...got.headers, date: "" });
		expect(head.headers["content-length"]).toBe(String(got.body.length));
		expect(head.body).toHaveLength(0);
	});

	test("of the gateway's own pages gets it, too", async () => {
		const url = await system.open();
		const asked = { headers: { "accept-encoding": "br", "x-request-id": "one" } };
		const got = await send(url, asked);
		const head = await send(url, { ...asked, method: "HEAD" });
		expect({ ...head.headers, date: "" }).toEqual({ ...got.headers, date: "" });
	});

	test("is answered over HTTP/2", async () => {
		const session = connect(new URL(await openPapers({})).origin);
		const stream = session.request({ ":method": "HEAD", ":path": "/papers/7", "accept-encoding": "gzip" });
		const [headers] = await once(stream, "response");
		expect(headers).toMatchObject({ ":status": 200, "content-encoding": "gzip" });
		stream.resume();
		await once(stream, "close");
		expect(stream.rstCode).toBe(0);
		session.destroy();
	});
});
