import * as current from "@allium/core";
import { webSocketTransport } from "@allium/core/frames";
import type { Dialer, Transport } from "@allium/core/transport";
import {
	type CallCapability,
	type CallSetup,
	type CallSuiteOptions,
	type CallVersion,
	callSuite,
} from "@allium/testing/call-suite";
import * as previous from "./fixtures/previous/allium.js";
import { http } from "./http/http-transport.ts";
import { frames } from "./pipe/frames-transport.ts";

// While a cluster is upgraded, processes of two versions of Allium call each other. The previous version is kept as a
// file of its own, made by scripts/previous-version.ts. Both versions are loaded into this process, so this also shows
// that each version recognizes the objects of the other (errors, metadata).

/** One version, with its transports. */
interface Side {
	readonly name: string;
	readonly version: CallVersion;
	readonly frames: () => Transport;
	readonly http: () => Transport;
	readonly webSocket: () => Dialer;
}

const now: Side = {
	name: "this version",
	version: current,
	frames,
	http,
	webSocket: () => webSocketTransport(),
};
const before: Side = {
	name: "the previous version",
	version: previous,
	frames: previous.frames,
	http: previous.http,
	webSocket: previous.webSocketTransport,
};

/** A server of one version, called by a client of another. */
function setup(
	client: Side,
	server: Side,
	dials: "frames" | "http" | "webSocket",
	listens: "frames" | "http" = dials === "webSocket" ? "http" : dials,
): () => Promise<CallSetup> {
	return async () => {
		const listener = server[listens]();
		const transport = client[dials]();
		return {
			transport,
			client: client.version,
			server: { ...server.version, transport: server[dials]() },
			listen: (endpoints, address) => listener.listen(endpoints, address === undefined ? {} : { address }),
			url: ({ addresses }) => {
				const listens = addresses.find((address) => address.startsWith(`${listener.scheme}:`));
				return String(listens).replace(`${listener.scheme}:`, `${transport.scheme}:`);
			},
		};
	};
}

const alone = "what one side does alone is tried with this version on both sides";
const skip: Partial<Record<CallCapability, string>> = {
	backoff: alone,
	cut: alone,
	silence: alone,
	many: alone,
	streams: alone,
	stopping: alone,
	process: alone,
	causes: "the previous version gave calls no ids",
};
/** The window of a stream, and a message or two. */
const overFrames: CallSuiteOptions = { maxBufferedBytes: 288 * 1024, skip };
/** For each connection of HTTP the kernel holds megabytes, in addition to the bytes of both sides. */
const overHttp: CallSuiteOptions = { maxBufferedBytes: 12 * 1024 * 1024, skip };

for (const [client, server] of [
	[now, before],
	[before, now],
] as const) {
	const calls = `${client.name} calls ${server.name}`;
	callSuite(`${calls} over frames`, setup(client, server, "frames"), overFrames);
	callSuite(`${calls} over HTTP`, setup(client, server, "http"), overHttp);
	callSuite(`${calls} over a WebSocket`, setup(client, server, "webSocket"), overFrames);
}
