import { connect as connectTls } from "node:tls";
import { Context } from "@allium/core";
import type { Listener, Peer, Transport } from "@allium/core/transport";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Lab, openLab } from "../http/fixtures/lab.ts";
import { http, https } from "../http/http-transport.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import { frames, framesTls } from "../pipe/frames-transport.ts";
import { listen } from "../server/server.ts";
import { Authority, type IssuedOptions, type Pair } from "./fixtures/certificates.ts";
import type { TlsOptions } from "./tls-options.ts";

const minuteMs = 60_000;
const hosts = ["localhost", "127.0.0.1"];
const ctx = Context.background();

const past: IssuedOptions = {
	validFrom: new Date(Date.now() - 20 * minuteMs),
	validTo: new Date(Date.now() - 10 * minuteMs),
};
const future: IssuedOptions = {
	validFrom: new Date(Date.now() + 10 * minuteMs),
	validTo: new Date(Date.now() + 20 * minuteMs),
};

let authority: Authority;
let stranger: Authority;
let server: Pair;
let client: Pair;
let listener: Listener;
let logged: string[];
const opened: Peer[] = [];

beforeAll(() => {
	authority = new Authority();
	stranger = new Authority();
	server = authority.issue("server", hosts);
	client = authority.issue("client", ["spiffe://default/shop"]);
});

afterAll(() => {
	authority.remove();
	stranger.remove();
});

afterEach(async () => {
	await Promise.all(opened.splice(0).map((peer) => peer.close()));
	await listener.close();
});

async function start(tls: TlsOptions | undefined): Promise<void> {
	logged = [];
	listener = await listen(openLab().endpoints, {
		acceptFrames: acceptFrames(),
		tls,
		logger: {
			log: (_, message, fields) => logged.push(`${message}: ${fields?.reason ?? fields?.protocol ?? ""}`),
		},
	});
}

/** Dials the listener by a transport, regardless of the protocol that the listener speaks. */
function dial(transport: Transport): Peer {
	const { host } = new URL(listener.addresses[0] ?? "");
	const peer = transport.dial(`${transport.scheme}://${host}`);
	opened.push(peer);
	return peer;
}

/** A unary call, over frames or HTTP/1.1. */
function sum(transport: Transport): Promise<unknown> {
	return dial(transport).endpoint(Lab.sum)({ a: 1, b: 2 }, ctx);
}

/** A call that streams both ways, which HTTP/2 carries. */
async function chat(transport: Transport): Promise<unknown> {
	async function* say() {
		yield { text: "hello" };
	}
	const answers = (await dial(transport).endpoint(Lab.chat)(say(), ctx)) as AsyncIterable<unknown>;
	return Array.fromAsync(answers);
}

const calls = [
	["frames", (tls: TlsOptions) => sum(framesTls({ tls }))],
	["HTTP/1.1", (tls: TlsOptions) => sum(https({ tls }))],
	["HTTP/2", (tls: TlsOptions) => chat(https({ tls }))],
] as const;

const files = (pair: Pair | undefined): TlsOptions => ({ ...pair, ca: authority.ca });

/** Checks that the server still serves other clients after some have failed. */
async function expectService(): Promise<void> {
	expect(await sum(framesTls({ tls: files(client) }))).toEqual({ v: 3 });
}

describe.each(calls)("a server that needs certificates, over %s", (_, call) => {
	test.each([
		["no certificate", () => undefined, "the client presents no certificate; set ALLIUM_TLS there"],
		[
			"a certificate of another authority",
			() => stranger.issue("client", ["spiffe://default/shop"]),
			"the client's certificate is not of an authority that the server trusts; issue one by that authority",
		],
		[
			"a certificate that has expired",
			() => authority.issue("expired", ["spiffe://default/shop"], past),
			"the client's certificate has expired; issue a new one",
		],
		[
			"a certificate that is not valid yet",
			() => authority.issue("early", ["spiffe://default/shop"], future),
			"the client's certificate is not valid yet; compare the clocks of both machines",
		],
	])("refuses a client with %s, says so on both sides, and goes on", async (_, pair, sentence) => {
		await start({ ...server, ca: authority.ca });
		await expect(call(files(pair()))).rejects.toThrow(sentence);
		await vi.waitFor(() =>
			expect(logged).toContainEqual(expect.stringContaining(`a client was not let in: ${sentence}`)),
		);
		await expectService();
	});
});

describe.each(calls)("a client over %s", (_, call) => {
	test.each([
		[
			"is of another authority",
			() => stranger.issue("server", hosts),
			/(self-signed|unable to).*certificate.*; if it is to be trusted, name the certificate of its authority in ALLIUM_TLS_CA/,
		],
		[
			"has expired",
			() => authority.issue("old", hosts, past),
			/certificate has expired; give the server a new certificate, for which it needs no restart/,
		],
		[
			"is not valid yet",
			() => authority.issue("new", hosts, future),
			/certificate is not yet valid; compare the clocks of both machines/,
		],
		[
			"names another host",
			() => authority.issue("other", ["other.example"]),
			/127\.0\.0\.1.*; give the server a certificate that names this host, or set tls\.serverName/,
		],
	])("does not call a server whose certificate %s, and says so", async (_, pair, sentence) => {
		await start(pair());
		await expect(call(files(client))).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringMatching(sentence),
		});
	});

	test("says that a port which it calls over TLS may not speak TLS, and so does the server", async () => {
		await start(undefined);
		await expect(call(files(client))).rejects.toThrow(
			"if it does not speak TLS, call it at allium:// or http://",
		);
		await vi.waitFor(() =>
			expect(logged).toContainEqual("a client spoke TLS, which is not switched on here: "),
		);
		expect(await sum(frames())).toEqual({ v: 3 });
	});
});

test.each([
	["frames", () => sum(frames()), "frames"],
	["HTTP/1.1", () => sum(http()), "HTTP/1.1"],
	["HTTP/2", () => chat(http()), "HTTP/2"],
])("a plain client of a port with TLS is told so over %s, and so is the log", async (_, call, protocol) => {
	await start({ ...server, ca: authority.ca });
	await expect(call()).rejects.toThrow("this port takes TLS only: use https://, or allium+tls:// for frames");
	await vi.waitFor(() =>
		expect(logged).toContainEqual(`a client spoke plainly to a port that takes TLS only: ${protocol}`),
	);
	await expectService();
});

test.each(["allium/1", "h2", "http/1.1"])(
	"a client without a certificate that stays over %s, and says nothing, is cut",
	async (protocol) => {
		await start({ ...server, ca: authority.ca });
		const { hostname, port } = new URL(listener.addresses[0] ?? "");
		const socket = connectTls({
			host: hostname,
			port: Number(port),
			rejectUnauthorized: false,
			ALPNProtocols: [protocol],
		});
		await new Promise((resolve) =>
			socket
				.on("error", () => {})
				.resume()
				.once("close", resolve),
		);
		await expectService();
	},
);

test("a client without a certificate does not get in by resuming the session in which it was refused", async () => {
	await start({ ...server, ca: authority.ca });
	const { hostname, port } = new URL(listener.addresses[0] ?? "");
	/** Asks over HTTP/1.1; resolves with the answer, the ticket of the session, and whether it was resumed. */
	const ask = (session?: Buffer) =>
		new Promise<{ answer: string; ticket: Buffer | undefined; isResumed: boolean | undefined }>((resolve) => {
			const options = { host: hostname, port: Number(port), rejectUnauthorized: false };
			const socket = connectTls({
				...options,
				ALPNProtocols: ["http/1.1"],
				...(session !== undefined && { session }),
			});
			let answer = "";
			let ticket: Buffer | undefined;
			let isResumed: boolean | undefined;
			socket.on("session", (given) => {
				ticket = given;
			});
			socket.on("data", (bytes) => {
				answer += bytes.toString();
			});
			socket.on("error", () => {});
			socket.once("secureConnect", () => {
				isResumed = socket.isSessionReused();
				socket.write("GET /-/describe HTTP/1.1\r\nhost: localhost\r\n\r\n");
			});
			socket.once("close", () => resolve({ answer, ticket, isResumed }));
		});
	const first = await ask();
	expect(first.answer).toContain("the client presents no certificate");
	expect(first.ticket).toBeDefined();
	const second = await ask(first.ticket);
	expect(second.isResumed).toBe(true);
	expect(second.answer).toContain("the client presents no certificate");
	expect(second.answer).not.toContain("services");
});
