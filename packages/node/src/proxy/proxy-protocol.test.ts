import { connect } from "node:net";
import type { Listener } from "@allium/core/transport";
import { afterEach, expect, test } from "vitest";
import { type LabLog, openLab } from "../http/fixtures/lab.ts";
import { listen, type ServerOptions } from "../server/server.ts";

let listener: Listener;
let log: LabLog;
let logged: string[];

async function start(options: ServerOptions): Promise<void> {
	const lab = openLab();
	log = lab.log;
	logged = [];
	listener = await listen(lab.endpoints, {
		limits: { firstByteTimeoutMs: 100 },
		logger: { log: (_, message, fields) => logged.push(`${message} ${JSON.stringify(fields)}`) },
		...options,
	});
}

afterEach(() => listener.close());

/** Sends bytes one by one, as the worst of networks does. Resolves with everything that arrives until the end. */
function dribble(bytes: string): Promise<string> {
	return new Promise((resolve) => {
		let all = "";
		const { port } = new URL(listener.addresses[0] as string);
		const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true }, async () => {
			for (const byte of bytes) await new Promise((done) => socket.write(byte, "latin1", done));
		});
		socket.on("data", (data) => {
			all += data;
		});
		socket.on("error", () => {}).on("close", () => resolve(all));
	});
}

const header = "PROXY TCP4 203.0.113.7 10.0.0.1 8080 80\r\n";
/** Enough of a header to be no method of HTTP. Whatever is sent behind it may cost the client the answer. */
const word = header.slice(0, "PROXY ".length);
const request =
	"POST /lab/echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n" +
	'content-type: application/json\r\ncontent-length: 12\r\n\r\n{"text":"x"}';

test("the address that the balancer tells is the peer's", async () => {
	await start({ proxyProtocol: true });
	expect(await dribble(header + request)).toContain('{"text":"x"}');
	expect(log.ctx?.peer).toEqual({ address: "203.0.113.7:8080" });
});

test("the address of a balancer that speaks for itself is its own", async () => {
	await start({ proxyProtocol: { from: ["127.0.0.0/8"] } });
	expect(await dribble(`PROXY UNKNOWN\r\n${request}`)).toContain('{"text":"x"}');
	expect(log.ctx?.peer?.address).toMatch(/^127\.0\.0\.1:/);
});

test("a connection with a wrong header is cut and said", async () => {
	await start({ proxyProtocol: true });
	expect(await dribble(request)).toBe("");
	expect(logged).toEqual([expect.stringContaining("its PROXY header is wrong")]);
});

test("a header that does not come is not waited for for long", async () => {
	await start({ proxyProtocol: true });
	expect(await dribble("PROXY TCP4 203")).toBe("");
});

test("a client that is not a balancer cannot say where it comes from", async () => {
	await start({ proxyProtocol: { from: ["10.0.0.0/8"] } });
	expect(await dribble(word)).toContain("400 Bad Request");
	expect(await dribble(request)).toContain('{"text":"x"}');
	expect(log.ctx?.peer?.address).toMatch(/^127\.0\.0\.1:/);
});

test("by default no client can", async () => {
	await start({});
	expect(await dribble(word)).toContain("400 Bad Request");
});
