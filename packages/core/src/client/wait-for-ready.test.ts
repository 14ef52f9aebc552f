import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { timeout } from "../middleware/timeout.ts";
import type { Service } from "../service/service.ts";
import { type ClientLayers, createClient } from "./client.ts";
import type { Client } from "./client-type.ts";
import { Cluster } from "./fixtures/cluster.ts";
import { waitForReady } from "./wait-for-ready.ts";

const number = z.object({ n: z.int() });
const Stock = contract("stock", {
	count: method({ output: number }),
	sum: method({ input: stream(number), output: number }),
	watch: method({ output: stream(number) }),
});
const stock: Service<typeof Stock> = {
	count: async () => ({ n: 1 }),
	async sum(input) {
		return { n: (await Array.fromAsync(input)).length };
	},
	async *watch() {
		yield { n: 1 };
	},
};

let cluster: Cluster;
let clients: Client<typeof Stock>[];
beforeEach(() => {
	cluster = new Cluster();
	clients = [];
});
afterEach(async () => {
	await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
});

function connect(layers: ClientLayers = {}): Client<typeof Stock> {
	const { registry, transport } = cluster;
	const client = createClient(Stock, { registry, transports: [transport], ...layers });
	clients.push(client);
	return client;
}

const waits = Context.background().withValue(waitForReady, true);

async function* numbers() {
	yield { n: 1 };
	yield { n: 2 };
}

describe("a call that waits for its callee", () => {
	test("is answered by the first instance that comes up", async () => {
		const reply = connect().count({}, waits);
		await cluster.start("a", Stock, stock);
		expect(await reply).toEqual({ n: 1 });
	});

	test("waits where its client says so", async () => {
		const reply = connect({ waitForReady: true }).count({});
		await cluster.start("a", Stock, stock);
		expect(await reply).toEqual({ n: 1 });
	});

	test("may have streams on either side", async () => {
		const client = connect();
		const sum = client.sum(numbers(), waits);
		const watched = Array.fromAsync(client.watch({}, waits));
		await cluster.start("a", Stock, stock);
		expect([await sum, await watched]).toEqual([{ n: 2 }, [{ n: 1 }]]);
	});

	test("waits until an instance that is listed can be reached", async () => {
		await cluster.register("a", Stock);
		const reply = connect().count({}, waits);
		cluster.refuse("a", 2);
		cluster.run("a", Stock, stock);
		expect(await reply).toEqual({ n: 1 });
	});

	test("waits at an address, too", async () => {
		const { transport } = cluster;
		const client = createClient(Stock, { url: "memory://a", transports: [transport], waitForReady: true });
		clients.push(client);
		const reply = client.count({});
		cluster.refuse("a", 1);
		cluster.run("a", Stock, stock);
		expect(await reply).toEqual({ n: 1 });
	});

	test("says at its deadline that no instance came up", async () => {
		const client = connect({ middleware: [timeout(20)] });
		await expect(client.count({}, waits)).rejects.toMatchObject({
			code: "unavailable",
			reason: "no_instance",
			message: 'no instance of "stock" is up',
			notExecuted: true,
		});
	});

	test("ends with its client", async () => {
		const client = connect();
		const reply = client.count({}, waits);
		const closed = client[Symbol.asyncDispose]();
		await expect(reply).rejects.toMatchObject({ code: "unavailable", reason: "client_closed" });
		await closed;
	});
});

test("a call that does not wait fails at once, whatever its client says", async () => {
	const ctx = Context.background().withValue(waitForReady, false);
	await expect(connect({ waitForReady: true }).count({}, ctx)).rejects.toMatchObject({
		reason: "no_instance",
	});
});

test("a client of several addresses calls those that it can reach", async () => {
	cluster.run("b", Stock, stock);
	const url = ["memory://a", "memory://b"];
	const client = createClient(Stock, { url, transports: [cluster.transport] });
	clients.push(client);
	for (let call = 0; call < 10; call++) expect(await client.count({})).toEqual({ n: 1 });
});
