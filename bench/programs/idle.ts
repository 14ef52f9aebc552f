// One end of many idle connections or streams. It serves or opens them, and reports the memory that they hold.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Endpoints } from "@allium/core";
import { webSocketTransport } from "@allium/core/frames";
import type { Dialer, Peer } from "@allium/core/transport";
import { acceptFrames, frames, http, listen } from "@allium/node";
import { Context, contract, method, stream } from "allium";
import * as z from "zod";
import { answerParent, assignment } from "./serving.ts";

const Idle = contract("idle", {
	ping: method({ effect: "read" }),
	/** Yields one message, and then nothing until its caller leaves. */
	hold: method({ output: stream(z.object({ n: z.int() })), effect: "read" }),
});

/** The parent's questions. */
export type Question = { readonly type: "memory" } | { readonly type: "open"; readonly count: number };

/** The memory that a process holds, in bytes. */
export interface Memory {
	readonly rss: number;
	/** The heap in use. The resident memory shrinks late, if ever. */
	readonly heap: number;
}

/** How many streams share a connection. */
const streamsPerConnection = 10_000;

const { file: role, variant: kind, address } = assignment();
/** Keeps everything that was opened reachable, as a program would. */
const held: unknown[] = [];
const background = Context.background();

await answerParent(async () => {
	const ready = role === "server" ? await serve() : {};
	const answer = async (question: Question): Promise<unknown> => {
		if (question.type === "open") return openAll(question.count);
		// Collects twice, because what only finished work can reach goes with the second.
		for (let times = 0; times < 2; times++) {
			await new Promise((resolve) => setTimeout(resolve, 100));
			globalThis.gc?.();
		}
		const { rss, heapUsed, external } = process.memoryUsage();
		return { rss, heap: heapUsed + external } satisfies Memory;
	};
	return { ready, answer, close: async () => {} };
});

async function serve(): Promise<{ name: string; address: string }> {
	if (kind === "net") {
		const server = createServer((socket) =>
			socket.on("data", (bytes) => socket.write(bytes)).on("error", () => {}),
		);
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		const bound = server.address();
		return { name: kind, address: String(typeof bound === "object" ? bound?.port : bound) };
	}
	const endpoints = new Endpoints();
	endpoints.serve(Idle, {
		ping: async () => ({}),
		async *hold(_, ctx) {
			yield { n: 1 };
			await new Promise<void>((resolve) => {
				ctx.signal.addEventListener("abort", () => resolve());
			});
		},
	});
	// The same port as that of a service, with either reader of HTTP/1.1.
	const httpReader = kind === "http-node" ? "node" : "strict";
	const listener = await listen(endpoints, { acceptFrames: acceptFrames(), httpReader });
	const scheme = kind === "frames" || kind === "streams" ? "allium:" : "http:";
	return { name: kind, address: listener.addresses.find((url) => url.startsWith(scheme)) ?? "" };
}

/** Opens `count` connections or streams, some at a time. */
async function openAll(count: number): Promise<number> {
	const open = kind === "streams" ? openStream : kind === "net" ? openSocket : openConnection;
	for (let opened = 0; opened < count; ) {
		const some = Math.min(200, count - opened);
		held.push(...(await Promise.all(Array.from({ length: some }, (_, index) => open(opened + index)))));
		opened += some;
	}
	return held.length;
}

async function openSocket(): Promise<Socket> {
	const socket = connect(Number(address), "127.0.0.1");
	socket.write("ping");
	await once(socket, "data");
	return socket;
}

/** Opens a connection and makes one call on it. */
async function openConnection(): Promise<Peer> {
	const transports: Readonly<Record<string, Dialer>> = {
		frames: frames(),
		http: http(),
		"http-node": http(),
		websocket: webSocketTransport(),
	};
	const peer = transports[kind]?.dial(kind === "websocket" ? address.replace("http:", "ws:") : address);
	if (peer === undefined) throw new TypeError(`nothing is called ${kind}`);
	await peer.endpoint(Idle.ping)({}, background);
	return peer;
}

const peers: Peer[] = [];

async function openStream(index: number): Promise<unknown> {
	const which = Math.floor(index / streamsPerConnection);
	peers[which] ??= frames().dial(address);
	const messages = (await peers[which].endpoint(Idle.hold)({}, background)) as AsyncIterable<unknown>;
	const iterator = messages[Symbol.asyncIterator]();
	await iterator.next();
	return iterator;
}
