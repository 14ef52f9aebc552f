import { Context } from "@allium/core";
import { webSocketTransport } from "@allium/core/frames";
import type { Dialer, Transport } from "@allium/core/transport";
import { afterAll, expect, test } from "vitest";
import { Lab, openLab } from "./http/fixtures/lab.ts";
import { http, https } from "./http/http-transport.ts";
import { frames, framesTls } from "./pipe/frames-transport.ts";
import { Authority } from "./tls/fixtures/certificates.ts";

const authority = new Authority();
afterAll(() => authority.remove());
const { cert, key } = authority.issue("server", ["127.0.0.1"]);
const tls = { ca: authority.ca, cert, key, clientCertificates: "ignore" } as const;

const connectTimeoutMs = 300;
const limits = { handshakeMs: connectTimeoutMs };

test.each<[name: string, listener: Transport, dialer: Dialer]>([
	["frames", frames(), frames({ connectTimeoutMs, limits })],
	["frames over TLS", framesTls({ tls }), framesTls({ tls, connectTimeoutMs, limits })],
	["WebSocket", http(), webSocketTransport({ connectTimeoutMs, limits })],
	["HTTP/2", http(), http({ http: 2, connectTimeoutMs })],
	["HTTP/2 over TLS", https({ tls }), https({ tls, http: 2, connectTimeoutMs })],
])(
	"a caller that is busy while it connects has the connection all the same: %s",
	async (_, listener, dialer) => {
		const listening = await listener.listen(openLab().endpoints);
		const address = listening.addresses.find((each) => each.startsWith(`${listener.scheme}:`)) ?? "";
		const peer = dialer.dial(address.replace(/^[^:]+/, dialer.scheme));

		const call = peer.endpoint(Lab.sum)({ a: 1, b: 2 }, Context.background());
		beBusy(3 * connectTimeoutMs);

		await expect(call).resolves.toEqual({ v: 3 });
		await peer.close();
		await listening.close();
	},
);

/** Blocks this thread, as a process does that calculates, or a machine that runs others. */
function beBusy(milliseconds: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
