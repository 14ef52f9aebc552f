import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Context, isServiceError } from "@allium/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Lab } from "./fixtures/lab.ts";
import { HttpPeer } from "./http-peer.ts";

let server: Server;
/** The connections that have arrived, and those on which the server no longer answers. */
let connections: Set<Socket>;
let silent: Set<Socket>;
let peer: HttpPeer;

beforeEach(async () => {
	connections = new Set();
	silent = new Set();
	server = createServer((request, response) => {
		if (silent.has(request.socket)) return;
		response.setHeader("content-type", "application/json");
		setTimeout(() => response.end('{"v":3}'), 20);
	});
	server.on("connection", (socket) => connections.add(socket));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	peer = new HttpPeer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
	await peer.close();
	server.closeAllConnections();
	server.close();
});

/** Makes a call, and returns its outcome. */
async function call(timeoutMs = 5_000): Promise<string> {
	try {
		await peer.endpoint(Lab.sum)({ a: 1, b: 2 }, Context.background().withTimeout(timeoutMs));
		return "answered";
	} catch (error) {
		return isServiceError(error) ? error.code : String(error);
	}
}

/** Connections of HTTP/1.1 that wait for calls, and then fall silent. */
async function fallSilent(): Promise<void> {
	await Promise.all(Array.from({ length: 4 }, () => call()));
	expect(connections.size).toBe(4);
	silent = new Set(connections);
}

test("a call that runs out of time closes the connections over which nothing comes", async () => {
	await fallSilent();
	await vi.waitFor(async () => expect(await call(200)).toBe("deadline_exceeded"));
	expect(await call()).toBe("answered");
	await vi.waitFor(() => expect([...silent].every((socket) => socket.destroyed)).toBe(true));
});

test("while others are answered, a call that runs out of time takes no connection but its own", async () => {
	await Promise.all(Array.from({ length: 4 }, () => call()));
	const before = [...connections];
	const slow = vi.fn();
	server.prependOnceListener("request", ({ socket }) => {
		slow(silent.add(socket));
	});
	const late = call(1_000);
	await vi.waitFor(() => expect(slow).toHaveBeenCalled());
	expect(await call()).toBe("answered");
	expect(await late).toBe("deadline_exceeded");
	expect(await call()).toBe("answered");
	expect(before.filter((socket) => socket.destroyed && !silent.has(socket))).toEqual([]);
});
