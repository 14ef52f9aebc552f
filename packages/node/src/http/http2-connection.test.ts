import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Context } from "@allium/core";
import { expect, test, vi } from "vitest";
import { Lab } from "./fixtures/lab.ts";
import { HttpPeer } from "./http-peer.ts";

/** An empty frame SETTINGS, and one that acknowledges the client's. */
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0]);

test("a client closes although its server has fallen silent, and never ends its side of a connection", async () => {
	const sockets: Socket[] = [];
	const server = createServer({ allowHalfOpen: true }, (socket) => {
		socket.on("error", () => {});
		socket.once("data", () => socket.write(settings));
		sockets.push(socket);
	});
	await once(server.listen(0, "127.0.0.1"), "listening");
	try {
		const peer = new HttpPeer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { http: 2 });
		const call = async (): Promise<void> => {
			const ctx = Context.background().withTimeout(100);
			await expect(peer.endpoint(Lab.sum)({ a: 1, b: 2 }, ctx)).rejects.toBeDefined();
		};
		// Once a call has run out of time, the client leaves the connection for another one.
		await vi.waitFor(async () => {
			await call();
			expect(sockets.length).toBeGreaterThan(1);
		});
		await peer.close();
	} finally {
		for (const socket of sockets) socket.destroy();
		server.close();
	}
});
