import { readFileSync } from "node:fs";
import { protoFormat } from "@allium/core";
import { webSocketTransport } from "@allium/core/frames";
import { fetchTransport } from "@allium/core/http";
import type { Dialer, Transport } from "@allium/core/transport";
import { msgpack } from "@allium/msgpack";
import { type CallSetup, type CallSuiteOptions, callSuite } from "@allium/testing/call-suite";
import { Agent, fetch, type RequestInit } from "undici";
import { afterAll, afterEach, beforeEach, describe } from "vitest";
import { http, https } from "./http/http-transport.ts";
import { frames, framesTls } from "./pipe/frames-transport.ts";
import { parseListenAddress } from "./server/listen-address.ts";
import { listen } from "./server/server.ts";
import { Authority } from "./tls/fixtures/certificates.ts";

const file = new URL("./fixtures/calling-process.ts", import.meta.url).pathname;

/** A server of one transport, called by a client of the same or another. */
function setup(
	name: string,
	listener: Transport,
	transport: Dialer = listener,
	authority = "",
): () => Promise<CallSetup> {
	return async () => ({
		transport,
		listen: (endpoints, address) => listener.listen(endpoints, address === undefined ? {} : { address }),
		url: ({ addresses }) => {
			const listens = addresses.find((address) => address.startsWith(`${listener.scheme}:`));
			return String(listens).replace(`${listener.scheme}:`, `${transport.scheme}:`);
		},
		program: { file, args: [name, authority] },
	});
}

/** HTTP whose requests of HTTP/1.1 Node's server reads alone. */
const httpByNode: Transport = {
	...http(),
	listen: (endpoints, { address = "127.0.0.1:0" } = {}) =>
		listen(endpoints, { ...parseListenAddress(address), httpReader: "node" }),
};

const noBackoff =
	"over HTTP each call is an attempt of its own, bounded by the pool and the budget of retries";
/** The window of a stream, and a message or two. */
const overFrames: CallSuiteOptions = { maxBufferedBytes: 288 * 1024 };
/** For each connection of HTTP the kernel holds megabytes, in addition to the bytes of both sides. */
const overHttp: CallSuiteOptions = { maxBufferedBytes: 12 * 1024 * 1024, skip: { backoff: noBackoff } };
const notTold = "fetch does not say whether a request that failed was sent";
const noUpload = "fetch cannot send a stream";
const overFetch: CallSuiteOptions = {
	...overHttp,
	skip: {
		backoff: noBackoff,
		many: "fetch opens a connection for each call at once, more than a server takes",
		told: notTold,
		client_stream: noUpload,
		bidi_stream: noUpload,
	},
};

describe("calls", () => {
	const authority = new Authority();
	const { ca } = authority;
	const { cert, key } = authority.issue("server", ["127.0.0.1"]);
	afterAll(() => authority.remove());
	const tls = { ca, cert, key, clientCertificates: "ignore" } as const;

	callSuite("frames over TCP", setup("frames", frames()), overFrames);
	callSuite("frames in MessagePack", setup("frames", frames({ formats: [msgpack()] })), {
		...overFrames,
		format: msgpack(),
	});
	callSuite("frames over TLS", setup("frames", framesTls({ tls }), undefined, ca), overFrames);
	callSuite("WebSocket", setup("ws", http(), webSocketTransport()), overFrames);
	callSuite("HTTP/1.1, and HTTP/2 for bidi_stream", setup("http", http()), overHttp);
	callSuite("HTTP/1.1 that Node reads", setup("http", httpByNode), overHttp);
	callSuite("HTTP/2", setup("http", http(), http({ http: 2 })), overHttp);
	callSuite("HTTP in protobuf", setup("http", http(), http({ format: protoFormat })), {
		...overHttp,
		format: protoFormat,
	});
	callSuite("fetch over HTTP/1.1", setup("fetch", http(), fetchTransport()), overFetch);

	describe("with a fetch of HTTP/2", () => {
		const platformFetch = globalThis.fetch;
		let agent: Agent;
		beforeEach(() => {
			agent = new Agent({ allowH2: true, connect: { ca: readFileSync(ca, "utf8") } });
			const http2Fetch = (url: string, init: RequestInit) => fetch(url, { ...init, dispatcher: agent });
			Object.assign(globalThis, { fetch: http2Fetch });
		});
		afterEach(async () => {
			Object.assign(globalThis, { fetch: platformFetch });
			await agent.destroy();
		});

		callSuite("fetch over HTTP/2", setup("fetch", https({ tls }), fetchTransport({ scheme: "https" })), {
			...overHttp,
			skip: {
				backoff: noBackoff,
				silence: "the platform holds the connection of HTTP/2, and leaves it or not",
				many: "ten thousand took six seconds with this client, and say nothing that a thousand do not",
				told: notTold,
				client_stream: noUpload,
				bidi_stream: noUpload,
				process: "the program has the platform's fetch",
			},
		});
	});
});
