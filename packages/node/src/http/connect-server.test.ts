import { createServer, type IncomingMessage, type Server } from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { Context, isError, jsonFormat, protoFormat, ResponseMetadata, type ServiceError } from "@allium/core";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Lab } from "./fixtures/lab.ts";
import { LabProto } from "./fixtures/lab-proto.ts";
import { HttpPeer, type HttpPeerOptions } from "./http-peer.ts";

const background = Context.background();

/** A request as the other library's server saw it. */
interface Seen {
	readonly method: string | undefined;
	readonly contentType: string | undefined;
	readonly url: string | undefined;
	readonly version: string;
}

type Fields = Record<string, unknown>;

const handlers = {
	sum(input: Fields) {
		if (input.a === 0 && input.b === 0) {
			throw new ConnectError("can't sum two zeroes", Code.InvalidArgument);
		}
		return { v: Number(input.a) + Number(input.b) };
	},
	echo(input: Fields, context: HandlerContext) {
		context.responseHeader.set("x-echo", String(context.requestHeader.get("x-echo")));
		context.responseTrailer.set("x-trailer", "t1");
		return { text: input.text };
	},
	ping: () => ({}),
	async *count(input: Fields) {
		for (let n = 1; n <= Number(input.upTo); n++) yield { n };
		if (input.upTo === -1) throw new ConnectError("negative", Code.OutOfRange);
	},
	async total(input: AsyncIterable<Fields>) {
		let total = 0;
		for await (const { n } of input) total += Number(n);
		return { total };
	},
	async *chat(input: AsyncIterable<Fields>) {
		for await (const { text } of input) yield { text: `you said ${text}` };
	},
};

const handler = connectNodeAdapter({
	routes: (router) => {
		// The descriptor is made at run time, so the types do not know its methods.
		router.service(LabProto, handlers as unknown as ServiceImpl<typeof LabProto>);
	},
});

async function* of<T>(...items: T[]): AsyncIterable<T> {
	yield* items;
}

async function collect(messages: unknown): Promise<unknown[]> {
	return Array.fromAsync(messages as AsyncIterable<unknown>);
}

async function failure(call: Promise<unknown>): Promise<ServiceError> {
	return call.then(
		() => Promise.reject(new Error("it did not fail")),
		(error) => error,
	);
}

describe.each([
	{ http: 1, format: jsonFormat },
	{ http: 1, format: protoFormat },
	{ http: 2, format: jsonFormat },
	{ http: 2, format: protoFormat },
] as const)("a call of connect-node's server over HTTP/$http in $format.name", ({ http, format }) => {
	const seen: Seen[] = [];
	const received: Partial<Record<"unary" | "stream", string | string[]>> = {};
	const answer: typeof handler = (request, response) => {
		const { "content-encoding": unary = "", "connect-content-encoding": stream = "" } = request.headers;
		Object.assign(received, { unary, stream });
		const { method, url, httpVersion: version } = request;
		seen.push({ method, url, version, contentType: request.headers["content-type"] });
		handler(request, response);
	};
	let server: Server | http2.Http2Server;
	let peer: HttpPeer;

	function connect(options: HttpPeerOptions = {}): HttpPeer {
		const { port } = server.address() as AddressInfo;
		return new HttpPeer(`http://127.0.0.1:${port}`, { http, format, ...options });
	}

	beforeEach(async () => {
		seen.length = 0;
		server = http === 2 ? http2.createServer(answer) : createServer(answer);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		peer = connect();
	});

	afterEach(async () => {
		await peer.close();
		await new Promise((resolve) => server.close(resolve));
	});

	test("gets a reply, in the format and version that were asked for", async () => {
		expect(await peer.endpoint(Lab.sum)({ a: 2, b: 3 }, background)).toEqual({ v: 5 });
		expect(await peer.endpoint(Lab.ping)(undefined, background)).toEqual({});
		const version = http === 1 ? "1.1" : "2.0";
		const contentType = `application/${format.name}`;
		expect(seen[0]).toEqual({ method: "POST", url: "/lab/sum", version, contentType });
	});

	test("exchanges headers and trailers", async () => {
		const response = new ResponseMetadata();
		const ctx = background.withMetadata({ "x-echo": "hello" }).withResponse(response);
		expect(await peer.endpoint(Lab.echo)({ text: "Grüße" }, ctx)).toEqual({ text: "Grüße" });
		expect(response.headers.get("x-echo")).toBe("hello");
		expect(response.trailers.get("x-trailer")).toBe("t1");
	});

	test("gets an error, which is JSON in every format", async () => {
		const error = await failure(peer.endpoint(Lab.sum)({ a: 0, b: 0 }, background));
		expect(error).toMatchObject({ code: "invalid_argument", message: "can't sum two zeroes" });
		expect(isError(error, Lab.sum.error.two_zeroes)).toBe(false);
	});

	test("gets a stream, and the error that ends it", async () => {
		expect(await collect(await peer.endpoint(Lab.count)({ upTo: 3 }, background))).toEqual([
			{ n: 1 },
			{ n: 2 },
			{ n: 3 },
		]);
		expect(seen[0]?.contentType).toBe(`application/connect+${format.name}`);
		const broken = await peer.endpoint(Lab.count)({ upTo: -1 }, background);
		expect(await failure(collect(broken))).toMatchObject({ code: "out_of_range" });
	});

	test("sends a stream", async () => {
		const reply = await peer.endpoint(Lab.total)(of({ n: 1 }, { n: 2 }), background);
		expect(reply).toEqual({ total: 3 });
	});

	test.runIf(http === 2)("streams both ways", async () => {
		const replies = await peer.endpoint(Lab.chat)(of({ text: "hello" }), background);
		expect(await collect(replies)).toEqual([{ text: "you said hello" }]);
	});

	test("compresses large messages where that is asked for, and takes compressed ones", async () => {
		await peer.close();
		peer = connect({ compress: "gzip" });
		const text = "x".repeat(100_000);
		expect(await peer.endpoint(Lab.echo)({ text }, background)).toEqual({ text });
		expect(received.unary).toBe("gzip");
		if (http === 2) {
			const replies = await peer.endpoint(Lab.chat)(of({ text }, { text: "short" }), background);
			expect(await collect(replies)).toEqual([{ text: `you said ${text}` }, { text: "you said short" }]);
			expect(received.stream).toBe("gzip");
		}
	});

	test("reads by GET where that is asked for", async () => {
		await peer.close();
		peer = connect({ get: true });
		expect(await peer.endpoint(Lab.sum)({ a: 40, b: 2 }, background)).toEqual({ v: 42 });
		expect(await peer.endpoint(Lab.echo)({ text: "posted" }, background)).toEqual({ text: "posted" });
		expect(seen.map(({ method }) => method)).toEqual(["GET", "POST"]);
		expect(seen[0]?.url).toContain(`encoding=${format.name}`);
		expect(seen[0]?.contentType).toBeUndefined();
	});
});

test("a method without a codec for the format is called in JSON", async () => {
	const seen: (string | undefined)[] = [];
	const server = createServer((request: IncomingMessage, response) => {
		seen.push(request.headers["content-type"]);
		response.writeHead(200, { "content-type": "application/json" }).end('{"v":3}');
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const peer = new HttpPeer(`http://127.0.0.1:${port}`, { format: protoFormat });
	const method = { ...Lab.sum, input: { "~standard": Lab.sum.input["~standard"] } };
	expect(await peer.endpoint(method)({ a: 1, b: 2 }, background)).toEqual({ v: 3 });
	expect(seen).toEqual(["application/json"]);
	await peer.close();
	await new Promise((resolve) => server.close(resolve));
});
