import { fetchTransport, type Transport, webSocketTransport } from "@allium/core";
import { type CallSetup, type CallSuiteOptions, callSuite } from "@allium/testing/call-suite";
import { afterAll, describe } from "vitest";
import { http, https } from "./http/http-transport.ts";
import { frames, framesTls } from "./pipe/frames-transport.ts";
import { Authority } from "./tls/fixtures/certificates.ts";

const file = new URL("./fixtures/calling-process.ts", import.meta.url).pathname;

/** A server of one transport, dialled by the same or another. */
function setup(
	name: string,
	listener: Transport,
	transport: Transport = listener,
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

const noBackoff =
	"over HTTP each call is an attempt of its own, bounded by the pool and the budget of retries";
/** The kernel holds megabytes for each connection of HTTP, beside what both sides hold. */
const overHttp: CallSuiteOptions = { maxBufferedBytes: 12 * 1024 * 1024, skip: { backoff: noBackoff } };

describe("calls", () => {
	const authority = new Authority();
	const { ca } = authority;
	const { cert, key } = authority.issue("server", "IP:127.0.0.1");
	afterAll(() => authority.remove());
	const tls = { ca, cert, key, clientCertificates: "ignore" } as const;

	callSuite("frames over TCP", setup("frames", frames()));
	callSuite("frames over TLS", setup("frames", framesTls({ tls }), undefined, ca));
	callSuite("WebSocket", setup("ws", http(), webSocketTransport()));
	callSuite("HTTP/1.1, and HTTP/2 for bidi_stream", setup("http", http()), overHttp);
	callSuite("fetch", setup("fetch", http(), fetchTransport()), {
		...overHttp,
		skip: {
			backoff: noBackoff,
			many: "fetch opens a connection for each call at once, more than a server takes",
			told: "fetch does not say whether a request that failed was sent",
			client_stream: "fetch cannot send a stream",
			bidi_stream: "fetch cannot send a stream",
		},
	});
	void https;
});
