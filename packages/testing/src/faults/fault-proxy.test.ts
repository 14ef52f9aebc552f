import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FaultProxy, type FaultRule, faultProxy } from "./index.ts";

let server: Server;
let served: Socket[];
let proxy: FaultProxy;
let clients: TestSocket[];

beforeEach(async () => {
	served = [];
	clients = [];
	// It echoes what it receives.
	server = createServer({ allowHalfOpen: true }, (socket) => {
		served.push(socket);
		socket.on("error", () => {});
		socket.pipe(socket);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	proxy = await faultProxy({ target: `test://127.0.0.1:${(server.address() as AddressInfo).port}/path` });
});
afterEach(async () => {
	for (const { socket } of clients) socket.destroy();
	await proxy.close();
	for (const socket of served) socket.destroy();
	await new Promise((resolve) => server.close(resolve));
});

/** A client, and a record of what happened to it. */
class TestSocket {
	readonly socket: Socket;
	size = 0;
	readonly #chunks: Buffer[] = [];
	isEnded = false;
	error: string | undefined;
	isClosed = false;

	constructor(socket: Socket) {
		this.socket = socket;
		socket.on("data", (bytes: Buffer) => {
			this.size += bytes.length;
			this.#chunks.push(bytes);
		});
		socket.on("end", () => {
			this.isEnded = true;
		});
		socket.on("error", (error: NodeJS.ErrnoException) => {
			this.error = error.code;
		});
		socket.on("close", () => {
			this.isClosed = true;
		});
	}

	get received(): Buffer {
		return Buffer.concat(this.#chunks);
	}

	get text(): string {
		return this.received.toString();
	}
}

async function dial(): Promise<TestSocket> {
	const { hostname, port } = new URL(proxy.url);
	const client = new TestSocket(connect({ host: hostname, port: Number(port), allowHalfOpen: true }));
	clients.push(client);
	await vi.waitFor(() => expect(client.socket.connecting).toBe(false));
	return client;
}

/** A connection that has carried something, so that the server has accepted it, too. */
async function dialThrough(): Promise<TestSocket> {
	const client = await dial();
	client.socket.write(".");
	await vi.waitFor(() => expect(client.text).toBe("."));
	return client;
}

describe("without rules", () => {
	test("bytes pass as they are, in both directions", async () => {
		const client = await dial();
		const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
		client.socket.write(sent);
		await vi.waitFor(() => expect(client.size).toBe(sent.length));
		expect(client.received.equals(sent)).toBe(true);
	});

	test("the end of one direction passes behind its bytes, and the other goes on", async () => {
		const client = await dial();
		client.socket.end("last");
		await vi.waitFor(() => expect(client.isClosed).toBe(true));
		expect(client).toMatchObject({ text: "last", isEnded: true, error: undefined });
		await vi.waitFor(() => expect(proxy.open).toBe(0));
	});

	test("a reset passes, too", async () => {
		const client = await dialThrough();
		served[0]?.resetAndDestroy();
		await vi.waitFor(() => expect(client.error).toBe("ECONNRESET"));
	});

	test("the URL is that of the target, with the address of the proxy", async () => {
		expect(proxy.url).toBe(`test://${proxy.address}/path`);
		for (const [target, url] of [
			["nats://me:secret@127.0.0.1:1/a?b=c", (at: string) => `nats://me:secret@${at}/a?b=c`],
			["http://localhost", (at: string) => `http://${at}`],
			["127.0.0.1:1", (at: string) => at],
		] as const) {
			await using other = await faultProxy({ target });
			expect(other.url).toBe(url(other.address));
		}
	});

	test("a server that is away looks like one that resets", async () => {
		await using other = await faultProxy({ target: "127.0.0.1:1" });
		const client = new TestSocket(connect(Number(other.address.split(":")[1]), "127.0.0.1"));
		clients.push(client);
		await vi.waitFor(() => expect(client.error).toBe("ECONNRESET"));
	});
});

describe("a rule", () => {
	test("delays, in one direction, and keeps the order", async () => {
		const client = await dialThrough();
		proxy.add({ fault: "delay", delayMs: 100, jitterMs: 100, direction: "downstream" });
		const begin = performance.now();
		for (let n = 0; n < 10; n++) client.socket.write(`${n}`);
		await vi.waitFor(() => expect(client.text).toBe(".0123456789"));
		expect(performance.now() - begin).toBeGreaterThanOrEqual(100);
	});

	test("stalls: bytes arrive when it is gone, and so do new connections", async () => {
		const client = await dialThrough();
		const stall = proxy.add({ fault: "stall" });
		client.socket.write("held");
		const late = await dial();
		late.socket.write("late");
		await pass(50);
		expect([client.text, late.text, served.length]).toEqual([".", "", 1]);
		stall.remove();
		await vi.waitFor(() => expect([client.text, late.text]).toEqual([".held", "late"]));
	});

	test("stalls, and the sender is held back once much waits", async () => {
		const client = await dialThrough();
		const stall = proxy.add({ fault: "stall", direction: "upstream" });
		const sent = 32 * 1024 * 1024;
		client.socket.write(Buffer.alloc(sent));
		await pass(50);
		expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(sent);
		stall.remove();
		await vi.waitFor(() => expect(client.size).toBe(sent + 1));
	});

	test("drops, and nobody is told: the connection is silent for good, a new one works", async () => {
		const client = await dialThrough();
		const drop = proxy.add({ fault: "drop" });
		client.socket.write("lost");
		const never = await dial();
		never.socket.write("lost");
		await pass(50);
		drop.remove();
		for (const { socket } of [client, never]) socket.write("more");
		const other = await dialThrough();
		await pass(50);
		expect([client, never]).toMatchObject([
			{ text: ".", isEnded: false, isClosed: false },
			{ text: "", isEnded: false, isClosed: false },
		]);
		expect(other.text).toBe(".");
		expect(served).toHaveLength(2);
	});

	test("drops in one direction: the other goes on", async () => {
		const client = await dialThrough();
		proxy.add({ fault: "drop", direction: "upstream" });
		client.socket.write("lost");
		served[0]?.write("told");
		await vi.waitFor(() => expect(client.text).toBe(".told"));
	});

	test("corrupts one bit of what passes", async () => {
		const client = await dialThrough();
		proxy.add({ fault: "corrupt", direction: "upstream" });
		client.socket.write("a");
		await vi.waitFor(() => expect(client.size).toBe(2));
		const flipped = (client.received[1] ?? 0) ^ "a".charCodeAt(0);
		expect([1, 2, 4, 8, 16, 32, 64, 128]).toContain(flipped);
	});

	test("corrupts nothing where that has no probability", async () => {
		const client = await dialThrough();
		proxy.add({ fault: "corrupt", probability: 0 });
		client.socket.write("a");
		await vi.waitFor(() => expect(client.text).toBe(".a"));
	});

	test("limits the rate", async () => {
		const client = await dialThrough();
		proxy.add({ fault: "limit", bytesPerSecond: 10_000, direction: "upstream" });
		const begin = performance.now();
		client.socket.write(Buffer.alloc(2_000));
		await vi.waitFor(() => expect(client.size).toBe(2_001));
		// The last piece does not wait for the time that it takes itself.
		expect(performance.now() - begin).toBeGreaterThanOrEqual(140);
	});

	test("refuses new connections, and leaves the others alone", async () => {
		const client = await dialThrough();
		const refusal = proxy.add({ fault: "refuse" });
		const refused = await dial();
		await vi.waitFor(() => expect(refused.error).toBe("ECONNRESET"));
		client.socket.write("on");
		await vi.waitFor(() => expect(client.text).toBe(".on"));
		expect(proxy.connections).toBe(2);
		refusal.remove();
		await dialThrough();
	});

	test("applies to the connections that are open, or to those that come later", async () => {
		const before = await dialThrough();
		proxy.add({ fault: "stall", connections: "current" });
		const after = await dialThrough();
		proxy.heal();
		proxy.add({ fault: "stall", connections: "new" });
		const last = await dial();
		for (const { socket } of [before, after, last]) socket.write("x");
		await vi.waitFor(() => expect([before.text, after.text]).toEqual([".x", ".x"]));
		expect(last.text).toBe("");
	});

	test("removes itself when its time is over", async () => {
		proxy.add({ fault: "stall", forMs: 50 });
		const client = await dial();
		client.socket.write("x");
		await vi.waitFor(() => expect(client.text).toBe("x"));
	});

	test.each<FaultRule>([
		{ fault: "delay", delayMs: -1 },
		{ fault: "delay", delayMs: 1, jitterMs: Number.NaN },
		{ fault: "stall", forMs: -1 },
		{ fault: "limit", bytesPerSecond: 0 },
		{ fault: "corrupt", probability: 2 },
	])("is refused where it makes no sense: %o", (rule) => {
		expect(() => proxy.add(rule)).toThrow(RangeError);
	});
});

describe("a cut", () => {
	test.each([
		["end", undefined],
		["reset", "ECONNRESET"],
	] as const)("ends both sides: %s", async (how, error) => {
		const client = await dialThrough();
		const serverSide = served[0];
		const atServer = new Promise((resolve) => {
			serverSide?.on("end", () => resolve(undefined));
			serverSide?.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
		});
		proxy.cut(how);
		await vi.waitFor(() => expect(client.isEnded || client.isClosed).toBe(true));
		expect(client.error).toBe(error);
		expect(await atServer).toBe(error);
		await dialThrough();
	});

	test("of one side leaves the other half open", async () => {
		const client = await dialThrough();
		let ended = false;
		served[0]?.on("end", () => {
			ended = true;
		});
		proxy.cut("reset", "client");
		await vi.waitFor(() => expect(client.error).toBe("ECONNRESET"));
		await pass(50);
		expect(ended).toBe(false);
		expect(served[0]?.readyState).toBe("open");
	});
});

describe("after close", () => {
	test("nothing is open: neither sockets, nor timers, nor the port", async () => {
		await dialThrough();
		proxy.add({ fault: "stall", forMs: 3_600_000 });
		proxy.add({ fault: "delay", delayMs: 3_600_000 });
		const waiting = await dial();
		waiting.socket.write("x");
		const address = proxy.url;
		for (const { socket } of clients) socket.destroy();
		await proxy.close();
		await proxy.close();
		expect(proxy.open).toBe(0);
		const { port } = new URL(address);
		const refused = new TestSocket(connect(Number(port), "127.0.0.1"));
		clients.push(refused);
		await vi.waitFor(() => expect(refused.error).toBe("ECONNREFUSED"));
		expect(process.getActiveResourcesInfo()).not.toContain("TCPSocketWrap");
	});
});

test("a target names a port", async () => {
	await expect(faultProxy({ target: "nats://127.0.0.1" })).rejects.toThrow(/names no host and port/);
});

/** Waits for a time in which something must not happen. */
function pass(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
