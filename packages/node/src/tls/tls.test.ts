import { copyFileSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { Context } from "@allium/core";
import type { Listener, Peer, Transport } from "@allium/core/transport";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Lab, type LabLog, openLab } from "../http/fixtures/lab.ts";
import { https } from "../http/http-transport.ts";
import { acceptFrames } from "../pipe/accept-frames.ts";
import { framesTls } from "../pipe/frames-transport.ts";
import { listen, type ServerOptions } from "../server/server.ts";
import { Authority, type Pair } from "./fixtures/certificates.ts";
import type { TlsOptions } from "./tls-options.ts";

let authority: Authority;
let server: Pair;
let log: LabLog;
let listener: Listener;
let logged: string[];
const opened: Peer[] = [];

beforeAll(() => {
	authority = new Authority();
	server = authority.issue("server", ["localhost", "127.0.0.1"]);
});

afterAll(() => authority.remove());

async function start(options: ServerOptions = {}): Promise<void> {
	const lab = openLab();
	log = lab.log;
	logged = [];
	listener = await listen(lab.endpoints, {
		acceptFrames: acceptFrames(),
		tls: server,
		logger: {
			log: (_, message, fields) => logged.push(`${message} ${JSON.stringify(fields ?? {})}`),
		},
		...options,
	});
}

afterEach(async () => {
	await Promise.all(opened.splice(0).map((peer) => peer.close()));
	await listener?.close();
});

function url(scheme: string): string {
	const found = listener.addresses.find((address) => address.startsWith(`${scheme}://`));
	if (found === undefined) throw new Error(`no address for ${scheme} in ${listener.addresses}`);
	return found;
}

function port(): number {
	return Number(new URL(listener.addresses[0] as string).port);
}

function dial(transport: Transport): Peer {
	const peer = transport.dial(url(transport.scheme));
	opened.push(peer);
	return peer;
}

const ctx = Context.background();

function sum(transport: Transport): Promise<unknown> {
	return dial(transport).endpoint(Lab.sum)({ a: 1, b: 2 }, ctx);
}

async function chat(transport: Transport): Promise<unknown[]> {
	async function* say() {
		yield { text: "hello" };
		yield { text: "bye" };
	}
	const answers = (await dial(transport).endpoint(Lab.chat)(say(), ctx)) as AsyncIterable<unknown>;
	return Array.fromAsync(answers);
}

/** A connection over TLS whose handshake is done. */
function secure(options: ConnectionOptions = {}): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const socket = connectTls({ port: port(), host: "127.0.0.1", rejectUnauthorized: false, ...options });
		socket.once("error", reject).once("secureConnect", () => resolve(socket));
	});
}

/** Everything that arrives on a socket until it ends in any way. */
function ended(socket: Socket): Promise<string> {
	return new Promise((resolve) => {
		let all = "";
		socket.on("data", (bytes) => {
			all += bytes.toString("latin1");
		});
		socket.on("error", () => {}).on("close", () => resolve(all));
	});
}

function plain(bytes: string | Uint8Array): Promise<string> {
	const socket = connect(port(), "127.0.0.1", () => socket.write(bytes));
	return ended(socket);
}

const get = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

describe("a client that has TLS 1.2 negotiated again", () => {
	/** Asks for it up to ten times, one after another; resolves with how often it was granted when the connection ends. */
	function renegotiations(socket: TLSSocket): Promise<number> {
		let granted = 0;
		const ask = (): void => {
			if (granted === 10) socket.destroy();
			else socket.renegotiate({}, (error) => error === null && granted++ < 10 && setImmediate(ask));
		};
		const closed = ended(socket).then(() => granted);
		ask();
		return closed;
	}

	test.each([
		["frames", ["allium/1"], ""],
		["HTTP/2", ["h2"], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"],
		["HTTP/1.1", ["http/1.1"], "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"],
		["HTTP/1.1 without ALPN", [], "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"],
		["what is not known yet", [], ""],
		["what is not known yet, begun", [], "P"],
	])("is cut at once: %s", async (_, ALPNProtocols, first) => {
		await start();
		const socket = await secure({ maxVersion: "TLSv1.2", ALPNProtocols });
		await new Promise((resolve) => socket.write(first, "latin1", resolve));
		expect(await renegotiations(socket)).toBe(0);
		await vi.waitFor(() => expect(logged).toContainEqual(expect.stringContaining("negotiated again")));
	});
});

describe("TLS on the one port", () => {
	const trust = (): TlsOptions => ({ ca: authority.ca });

	test("has addresses that say so", async () => {
		await start();
		expect(listener.addresses).toEqual([`allium+tls://127.0.0.1:${port()}`, `https://127.0.0.1:${port()}`]);
	});

	test("carries frames, HTTP/1.1 and HTTP/2", async () => {
		await start();
		expect(await sum(framesTls({ tls: trust() }))).toEqual({ v: 3 });
		expect(await sum(https({ tls: trust() }))).toEqual({ v: 3 });
		expect(await chat(https({ tls: trust() }))).toEqual([{ text: "you said hello" }]);
		expect(await chat(framesTls({ tls: trust() }))).toEqual([{ text: "you said hello" }]);
	});

	test.each([
		["allium/1", ["http/1.1", "h2", "allium/1"]],
		["h2", ["http/1.1", "h2"]],
		["http/1.1", ["http/1.1"]],
	])("agrees on %s with a client that offers %j", async (agreed, ALPNProtocols) => {
		await start();
		const socket = await secure({ ALPNProtocols });
		expect(socket.alpnProtocol).toBe(agreed);
		socket.destroy();
	});

	test("refuses a client that offers only protocols that are not spoken here", async () => {
		await start();
		await expect(secure({ ALPNProtocols: ["smtp"] })).rejects.toThrow(/no application protocol/);
	});

	test("looks at the first bytes inside when a client says nothing of its protocol", async () => {
		await start();
		const http1 = await secure();
		http1.write(get);
		expect(await ended(http1)).toContain('{"ok":true}');
		const frames = await secure();
		frames.write(Uint8Array.of(0xa1, 0x6c, 0x6d, 0x09));
		expect(await ended(frames)).toContain("version 9 is not spoken here");
		const session = connectHttp2(`https://127.0.0.1:${port()}`, {
			createConnection: () => connectTls({ port: port(), host: "127.0.0.1", rejectUnauthorized: false }),
		});
		const stream = session.request({ ":path": "/healthz" });
		expect((await stream.toArray()).toString()).toBe('{"ok":true}');
		session.destroy();
	});

	test("cuts TLS within TLS", async () => {
		await start();
		const socket = await secure();
		socket.write(Uint8Array.of(0x16, 3, 1));
		expect(await ended(socket)).toBe("");
		expect(logged.join()).toContain("a client spoke TLS, within TLS");
	});

	test("speaks no version below 1.2", async () => {
		await start();
		const old: ConnectionOptions = {
			minVersion: "TLSv1",
			maxVersion: "TLSv1.1",
			ciphers: "DEFAULT:@SECLEVEL=0",
		};
		await expect(secure(old)).rejects.toThrow(/protocol version/);
		const socket = await secure({ maxVersion: "TLSv1.2" });
		expect(socket.getProtocol()).toBe("TLSv1.2");
		socket.destroy();
	});

	test("cuts a handshake that does not go on", async () => {
		await start({ limits: { handshakeTimeoutMs: 50 } });
		expect(await plain(Uint8Array.of(0x16, 3, 1, 2))).toBe("");
		expect(logged.join()).toContain("a TLS handshake failed");
	});

	test("leaves no connection open when it closes", async () => {
		await start();
		const idle = await secure({ ALPNProtocols: ["h2"] });
		const end = ended(idle);
		const hanging = dial(framesTls({ tls: trust() })).endpoint(Lab.hang)({}, ctx);
		hanging.catch(() => {});
		await vi.waitFor(() => expect(log.running).toBe(1));
		await listener.close();
		await end;
		await expect(hanging).rejects.toMatchObject({ code: "unavailable" });
		expect(log.running).toBe(0);
	});
});

describe("a client over TLS", () => {
	test.each([
		["frames", framesTls],
		["HTTP", https],
	])("does not talk to a server that nobody it trusts vouches for: %s", async (_, transport) => {
		await start();
		await expect(sum(transport())).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringMatching(
				/(self-signed certificate|unable to verify).*; if .* in ALLIUM_TLS_CA \(tls\.ca\)$/,
			),
			notExecuted: true,
		});
	});

	test.each([
		["frames", framesTls],
		["HTTP", https],
	])("does not talk to a server of another name: %s", async (_, transport) => {
		await start({ tls: authority.issue("other", ["other.example"]) });
		const { ca } = authority;
		await expect(sum(transport({ tls: { ca } }))).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("127.0.0.1"),
		});
		expect(await sum(transport({ tls: { ca, serverName: "other.example" } }))).toEqual({ v: 3 });
	});

	test("takes PEM text in place of files", async () => {
		const { readFileSync } = await import("node:fs");
		const text = (path: string): string => readFileSync(path, "utf8");
		await start({ tls: { cert: text(server.cert), key: text(server.key) } });
		expect(await sum(framesTls({ tls: { ca: text(authority.ca) } }))).toEqual({ v: 3 });
	});
});

describe("mutual TLS", () => {
	const mutual = (): TlsOptions => ({ ...server, ca: authority.ca });

	async function identities(client: TlsOptions): Promise<(string | undefined)[]> {
		const tls = { ...client, ca: authority.ca };
		const seen: (string | undefined)[] = [];
		for (const transport of [framesTls({ tls }), https({ tls })]) {
			await dial(transport).endpoint(Lab.echo)({ text: "x" }, ctx);
			seen.push(log.ctx?.peer?.identity);
			await chat(transport);
			seen.push(log.ctx?.peer?.identity);
		}
		return seen;
	}

	test.each([
		["spiffe://prod/billing", ["billing.example", "https://x.example", "spiffe://prod/billing"]],
		["billing.example", ["billing.example"]],
		["somebody", []],
	])("tells handlers that the caller is %s, over frames, HTTP/1.1 and HTTP/2", async (identity, names) => {
		await start({ tls: mutual() });
		const client = authority.issue("client", names);
		expect(await identities(client)).toEqual([identity, identity, identity, identity]);
	});

	test("can leave it to the guard what callers without a certificate may do", async () => {
		await start({ tls: { ...mutual(), clientCertificates: "request" } });
		expect(await identities({})).toEqual([undefined, undefined, undefined, undefined]);
		const stranger = new Authority();
		const client = stranger.issue("client", ["spiffe://prod/billing"]);
		expect(await identities(client)).toEqual([undefined, undefined, undefined, undefined]);
		stranger.remove();
	});
});

describe("new files of a certificate", () => {
	let files: Pair & { ca: string };

	beforeEach(async () => {
		const folder = authority.folder;
		files = { cert: join(folder, "live.pem"), key: join(folder, "live.key"), ca: authority.ca };
		install(server);
		await start({ tls: { ...files, clientCertificates: "ignore", reloadMs: 0 } });
	});

	function install(pair: Pair): void {
		copyFileSync(pair.cert, files.cert);
		copyFileSync(pair.key, files.key);
	}

	async function subject(): Promise<string | string[] | undefined> {
		const socket = await secure();
		const { CN } = socket.getPeerCertificate().subject;
		socket.destroy();
		return CN;
	}

	test("are in use without a restart, and connections that are open stay", async () => {
		const before = dial(framesTls({ tls: { ca: authority.ca } })).endpoint(Lab.sum);
		expect(await before({ a: 1, b: 2 }, ctx)).toEqual({ v: 3 });
		expect(await subject()).toBe("somebody");
		install(authority.issue("next", ["127.0.0.1"], { name: "the next one" }));
		expect(await subject()).toBe("the next one");
		expect(await before({ a: 2, b: 2 }, ctx)).toEqual({ v: 4 });
		expect(logged).toContain("new TLS files are in use {}");
	});

	test("are not used when they are broken, which is said once", async () => {
		writeFileSync(files.cert, "nothing");
		expect(await subject()).toBe("somebody");
		expect(await subject()).toBe("somebody");
		expect(logged).toEqual([expect.any(String)]);
		expect(logged[0]).toContain("new TLS files are not used, the old ones stay: the TLS certificate");
	});

	test("are used as soon as both fit together", async () => {
		const next = authority.issue("next", ["127.0.0.1"], { name: "the next one" });
		copyFileSync(next.cert, files.cert);
		expect(await subject()).toBe("somebody");
		expect(logged[0]).toContain("does not belong to the TLS certificate");
		copyFileSync(next.key, files.key);
		expect(await subject()).toBe("the next one");
	});
});

describe("a plain connection to a port with TLS", () => {
	test("is refused, and over HTTP told why", async () => {
		await start();
		expect(await plain(get)).toMatch(/^HTTP\/1\.1 400 Bad Request[\s\S]*use https:\/\//);
		expect(await plain(Uint8Array.of(0xa1, 0x6c, 0x6d, 1))).toContain("this port takes TLS only");
		expect(logged.join()).toContain("a client spoke plainly to a port that takes TLS only");
	});

	test("is taken from the own machine only where that is allowed", async () => {
		await start({ tls: { ...server, plain: "loopback" }, proxyProtocol: true });
		const from = (address: string): string => `PROXY TCP4 ${address} 127.0.0.1 4000 4000\r\n${get}`;
		expect(await plain(from("127.0.0.1"))).toContain('{"ok":true}');
		expect(await plain(from("203.0.113.7"))).toContain("400 Bad Request");
		expect(await plain(`PROXY TCP6 ::1 ::1 4000 4000\r\n${get}`)).toContain('{"ok":true}');
		expect(await plain(`PROXY TCP6 ::2 ::1 4000 4000\r\n${get}`)).toContain("400 Bad Request");
	});

	test("is taken where all are allowed, which the addresses tell", async () => {
		await start({ tls: { ...server, plain: "allow" } });
		expect(await plain(get)).toContain('{"ok":true}');
		const schemes = listener.addresses.map((address) => address.slice(0, address.indexOf(":")));
		expect(schemes).toEqual(["allium+tls", "https", "allium", "http"]);
	});
});
