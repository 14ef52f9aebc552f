import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Client, Context, createClient, isServiceError, memoryRegistry } from "@allium/core";
import { nodeTransports } from "@allium/node";
import { timesFrom } from "@allium/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gateway, gateway } from "../gateway.ts";
import { Dice } from "./fixtures/dice.ts";
import { oddAnswer } from "./fixtures/odd-answers.ts";
import { Strange } from "./fixtures/strange-world.ts";

/** How many answers are tried. `ALLIUM_FUZZ_ROUNDS=500` asks for more. */
const rounds = timesFrom("ALLIUM_FUZZ_ROUNDS", 40);
const seed = Number(process.env.ALLIUM_FUZZ_SEED ?? 20_261_125);

/** How long anything may take, in milliseconds. */
const patienceMs = 5_000;

/** Errors that would have ended the process. */
const fatal: unknown[] = [];
const note = (error: unknown): void => void fatal.push(error);

let answer = "";
let service: Server;
let front: Gateway;
let url: string;
let port: number;
const sockets = new Set<Socket>();

beforeAll(async () => {
	service = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => {}).once("data", () => socket.end(answer, "latin1"));
		socket.on("close", () => sockets.delete(socket));
	});
	service.listen(0, "127.0.0.1");
	await once(service, "listening");
	port = (service.address() as AddressInfo).port;
	const proxy = { "/odd": `http://127.0.0.1:${port}` };
	const registry = memoryRegistry();
	front = gateway({
		env: {},
		registry,
		port: 0,
		drainDelayMs: 0,
		gracePeriodMs: 500,
		proxy,
		logger: { log() {} },
	});
	await front.start();
	url = front.addresses.find((address) => address.startsWith("http:")) ?? "";
	process.on("uncaughtException", note).on("unhandledRejection", note);
});

afterAll(async () => {
	process.off("uncaughtException", note).off("unhandledRejection", note);
	await front.stop();
	for (const socket of sockets) socket.destroy();
	service.close();
});

/** Sends a request to the gateway over HTTP/1.1; undefined when the answer broke off. */
async function askHttp1(path: string): Promise<number | undefined> {
	try {
		const response = await fetch(url + path, { redirect: "manual", signal: AbortSignal.timeout(patienceMs) });
		await response.arrayBuffer();
		return response.status;
	} catch (error) {
		expect(String(error)).not.toContain("timeout");
		return undefined;
	}
}

/** Sends a request to it over HTTP/2; undefined when the answer broke off. */
async function askHttp2(path: string): Promise<number | undefined> {
	const session = connectHttp2(url);
	try {
		const request = session.request({ ":path": path });
		const signal = AbortSignal.timeout(patienceMs);
		const [headers] = (await once(request, "response", { signal })) as [Record<string, unknown>];
		request.resume();
		await once(request, "close", { signal });
		return Number(headers[":status"]);
	} catch (error) {
		expect(String(error)).not.toContain("abort");
		return undefined;
	} finally {
		session.destroy();
	}
}

/** Requests a WebSocket of it. Resolves with everything that arrives until the end. */
async function askUpgrade(path: string): Promise<string> {
	const socket = connect(Number(new URL(url).port), "127.0.0.1");
	const host = new URL(url).host;
	const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";
	socket.write(
		`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n${key}\r\n`,
	);
	let all = "";
	socket
		.on("error", () => {})
		.on("data", (bytes) => {
			all += bytes.toString("latin1");
		});
	await once(socket, "close", { signal: AbortSignal.timeout(patienceMs) });
	return all;
}

async function* input() {
	yield { v: 1 };
}

/** Calls each kind of method of a service that is not one. Resolves with the errors of the callers. */
function callAll(client: Client<typeof Strange>): Promise<unknown[]> {
	const ctx = Context.background().withTimeout(patienceMs);
	const calls: Promise<unknown>[] = [
		client.unary({}, ctx),
		client.nothing({}, ctx),
		client.upload(input(), ctx),
		Array.fromAsync(client.many({}, ctx)),
		Array.fromAsync(client.chat(input(), ctx)),
	];
	return Promise.all(
		calls.map((call) =>
			call.then(
				() => undefined,
				(error: unknown) => error,
			),
		),
	);
}

describe("whatever a web service answers", () => {
	test("the gateway lives, and answers something that HTTP has", async () => {
		const dice = new Dice(seed);
		for (let round = 0; round < rounds; round++) {
			answer = oddAnswer(dice);
			const what = `seed ${seed}, round ${round}: ${JSON.stringify(answer.slice(0, 200))}`;
			const [one, two] = await Promise.all([askHttp1("/odd"), askHttp2("/odd"), askUpgrade("/odd")]);
			for (const status of [one, two]) {
				if (status !== undefined) expect(status >= 200 && status <= 599, what).toBe(true);
			}
			expect(await askHttp2("/healthz"), what).toBe(200);
			expect(fatal, what).toEqual([]);
		}
	});
});

describe("whatever a callee answers", () => {
	test.each(["http", "allium"])("a call ends with an error or an answer: over %s", async (scheme) => {
		const dice = new Dice(seed + 1);
		for (let round = 0; round < rounds; round++) {
			answer = oddAnswer(dice);
			const what = `seed ${seed}, round ${round}: ${JSON.stringify(answer.slice(0, 200))}`;
			const transports = nodeTransports({ tls: undefined });
			const client = createClient(Strange, {
				url: `${scheme}://127.0.0.1:${port}`,
				transports,
				middleware: [],
			});
			for (const error of await callAll(client)) {
				if (error !== undefined) expect(isServiceError(error), `${what}: ${error}`).toBe(true);
			}
			await client[Symbol.asyncDispose]();
			expect(fatal, what).toEqual([]);
		}
	});
});
