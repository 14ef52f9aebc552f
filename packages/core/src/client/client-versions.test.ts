import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { Balancer } from "../balancer/balancer.ts";
import { peakEwma } from "../balancer/peak-ewma.ts";
import { roundRobin } from "../balancer/round-robin.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { createClient } from "./client.ts";
import { Cluster } from "./fixtures/cluster.ts";
import { failure } from "./fixtures/who.ts";

const answer = z.object({ from: z.string() });
const Old = contract("who", { read: method({ output: answer, effect: "read" }) }, { version: "1.0.0" });
const Young = contract(
	"who",
	{
		read: method({ output: answer, effect: "read" }),
		added: method({ output: answer }),
		upload: method({ input: stream(z.int()), output: answer }),
		list: method({ output: stream(answer) }),
	},
	{ version: "1.1.0" },
);

/** A cluster of instances of both versions, whose hashes the registry may not know, and a client of the younger. */
async function mixed(
	old: readonly string[],
	young: readonly string[],
	hash?: "",
	balancer: Balancer = peakEwma(),
) {
	const cluster = new Cluster();
	const facts = hash === undefined ? {} : { services: [{ name: "who", version: "", hash }] };
	for (const from of old) {
		cluster.run(from, Old, { read: async () => ({ from }) });
		await cluster.register(from, Old, facts);
	}
	for (const from of young) {
		cluster.run(from, Young, {
			read: async () => ({ from }),
			added: async () => ({ from }),
			upload: async () => ({ from }),
			async *list() {
				yield { from };
			},
		});
		await cluster.register(from, Young, facts);
	}
	const { registry, transport } = cluster;
	return createClient(Young, { registry, transports: [transport], balancer });
}

async function* numbers() {
	yield 1;
}

describe.each([
	["of hashes that the registry knows", undefined],
	["whose hashes the registry does not know", ""],
] as const)("one old and two new instances, %s", (_, hash) => {
	test("take every call of a new method, the first ones included", async () => {
		await using client = await mixed(["old"], ["new-1", "new-2"], hash);
		const first = Array.from({ length: 20 }, () => client.added({}));
		for (const call of first) expect((await call).from).toMatch("new");
		for (let calls = 0; calls < 100; calls++) expect((await client.added({})).from).toMatch("new");
	});

	test("take every stream of a new method", async () => {
		for (let clients = 0; clients < 10; clients++) {
			await using client = await mixed(["old"], ["new-1", "new-2"], hash);
			expect((await client.upload(numbers())).from).toMatch("new");
			expect(await Array.fromAsync(client.list({}))).toEqual([{ from: expect.stringMatching("new") }]);
		}
	});

	test("share the calls of a method that all have", async () => {
		await using client = await mixed(["old"], ["new-1", "new-2"], hash, roundRobin());
		await client.added({});
		const seen = new Set<string>();
		for (let calls = 0; calls < 9; calls++) seen.add((await client.read({})).from);
		expect([...seen].toSorted()).toEqual(["new-1", "new-2", "old"]);
	});
});

test("where no instance has the method, the call says so", async () => {
	await using client = await mixed(["old-1", "old-2"], []);
	expect(await failure(client.added({}))).toMatchObject({
		code: "unimplemented",
		reason: "no_such_method",
		message: "no such method: who/added",
	});
	expect((await client.read({})).from).toMatch("old");
});
