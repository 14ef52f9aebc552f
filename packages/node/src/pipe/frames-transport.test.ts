import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
	type Client,
	Context,
	contract,
	createClient,
	Endpoints,
	method,
	type Service,
	stream,
} from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { frames } from "./frames-transport.ts";

const number = z.object({ n: z.int() });
const Probe = contract("probe", {
	next: method({ input: number, output: number, effect: "read" }),
	upTo: method({ input: number, output: stream(number), effect: "read" }),
	sum: method({ input: stream(number), output: number }),
	nextOfAll: method({ input: stream(number), output: stream(number) }),
	hang: method({}),
});

class ProbeService {
	hanging = 0;
	canceled = 0;
	readonly service: Service<typeof Probe> = {
		next: async ({ n }) => ({ n: n + 1 }),
		upTo: async function* ({ n }) {
			for (let i = 1; i <= n; i++) yield { n: i };
		},
		sum: async (input) => {
			let n = 0;
			for await (const message of input) n += message.n;
			return { n };
		},
		nextOfAll: async function* (input) {
			for await (const { n } of input) yield { n: n + 1 };
		},
		hang: (_, ctx) =>
			new Promise((_, reject) => {
				this.hanging++;
				ctx.signal.addEventListener("abort", () => {
					this.canceled++;
					reject(ctx.error);
				});
			}),
	};
}

let probe: ProbeService;
let endpoints: Endpoints;
let listener: Listener;
let url: string;
let client: Client<typeof Probe>;

beforeEach(async () => {
	probe = new ProbeService();
	endpoints = new Endpoints();
	endpoints.serve(Probe, probe.service);
	listener = await frames().listen(endpoints);
	url = listener.addresses.find((address) => address.startsWith("allium:")) ?? "";
	client = createClient(Probe, { url, transports: [frames()] });
});

afterEach(async () => {
	await client[Symbol.asyncDispose]();
	await listener.close();
});

async function* numbers(count: number) {
	for (let n = 1; n <= count; n++) yield { n };
}

function port(): number {
	return Number(new URL(url).port);
}

/** A connection made by hand. It collects the server's bytes as text. */
async function rawSocket(): Promise<{ socket: Socket; received: () => string; closed: Promise<unknown> }> {
	const socket = connect(port(), "127.0.0.1");
	await once(socket, "connect");
	let received = "";
	socket.on("data", (bytes) => {
		received += bytes.toString("latin1");
	});
	socket.on("error", () => {});
	return { socket, received: () => received, closed: once(socket, "close") };
}

describe("frames over TCP", () => {
	test("carry all four kinds", async () => {
		expect(await client.next({ n: 1 })).toEqual({ n: 2 });
		expect(await Array.fromAsync(client.upTo({ n: 3 }), ({ n }) => n)).toEqual([1, 2, 3]);
		expect(await client.sum(numbers(100))).toEqual({ n: 5050 });
		expect(await Array.fromAsync(client.nextOfAll(numbers(3)), ({ n }) => n)).toEqual([2, 3, 4]);
	});

	test("carry 10,000 calls at once over one connection", async () => {
		// Without the timeout of a client, which a busy machine would exceed.
		await using patient = createClient(Probe, { url, transports: [frames()], middleware: [] });
		const replies = await Promise.all(Array.from({ length: 10_000 }, (_, n) => patient.next({ n })));
		expect(replies.every(({ n }, index) => n === index + 1)).toBe(true);
	});

	test("cancel the handler when the client vanishes", async () => {
		const vanishing = createClient(Probe, { url, transports: [frames()] });
		const call = vanishing.hang({});
		await vi.waitFor(() => expect(probe.hanging).toBe(1));
		await Promise.all([
			vanishing[Symbol.asyncDispose](),
			expect(call).rejects.toMatchObject({ code: "unavailable" }),
		]);
		await vi.waitFor(() => expect(probe.canceled).toBe(1));
	});

	test("say that nothing ran when nothing listens", async () => {
		const nobody = createClient(Probe, { url: "allium://127.0.0.1:1", transports: [frames()] });
		await expect(nobody.hang({})).rejects.toMatchObject({
			code: "unavailable",
			notExecuted: true,
			message: expect.stringContaining("cannot reach allium://127.0.0.1:1"),
		});
		await nobody[Symbol.asyncDispose]();
	});

	test("find the server again after it restarted on its port", async () => {
		await client.next({ n: 1 });
		const address = `127.0.0.1:${port()}`;
		await listener.close();
		await expect(client.hang({})).rejects.toMatchObject({ code: "unavailable" });
		listener = await frames().listen(endpoints, { address });
		await vi.waitFor(async () => expect(await client.next({ n: 1 })).toEqual({ n: 2 }), { timeout: 5000 });
	});

	test("end a call at its deadline although the server never answers", async () => {
		const ctx = Context.background().withTimeout(50);
		await expect(client.hang({}, ctx)).rejects.toMatchObject({ code: "deadline_exceeded" });
	});
});

describe("bytes that are no frames", () => {
	const settings = "A16C6D01" + "00000000000000000000";
	const cases: [string, string, string][] = [
		["random bytes behind the first", `A1${"5F3C9E".repeat(100)}`, "does not begin with the preface"],
		["another version", "A16C6D77", "version 119 is not spoken here"],
		[
			"a frame that claims 4 GiB",
			`${settings}FFFFFFFF010000000001`,
			"a frame of 4294967295 bytes is over the limit",
		],
		["a frame of garbage", `${settings}00000003010500000001FFFFFF`, "REQUEST is cut off"],
	];

	test.each(cases)("%s: end only their own connection, with the reason", async (_, hex, reason) => {
		const { socket, received, closed } = await rawSocket();
		socket.write(Buffer.from(hex, "hex"));
		await closed;
		expect(received()).toContain(reason);
		expect(await client.next({ n: 1 })).toEqual({ n: 2 });
	});

	test("a frame that is cut off by the end of its connection harms no other connection", async () => {
		const { socket, closed } = await rawSocket();
		socket.end(Buffer.from(`${settings}0000FFFF0105`, "hex"));
		await closed;
		expect(await client.next({ n: 1 })).toEqual({ n: 2 });
	});
});
