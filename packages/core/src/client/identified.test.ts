import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Cause, effectName, withCause } from "../context/cause.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import { ServiceError } from "../errors/service-error.ts";
import { hedge } from "../middleware/hedge.ts";

import { type ClientLayers, createClient } from "./client.ts";
import type { Client } from "./client-type.ts";
import { Cluster } from "./fixtures/cluster.ts";

const Players = contract("players", {
	get: method({ effect: "read" }),
	charge: method({
		input: z.object({ amount: z.int(), at: z.int().optional() }),
		errors: { broke: { code: "failed_precondition" } },
	}),
	store: method({ effect: "idempotent" }),
	watch: method({ output: stream(z.int()) }),
	upload: method({ input: stream(z.int()) }),
});

const background = Context.background();
/** The context that a delivery gives its handler. A second one with the same id is a redelivery. */
const delivery = (id = "event-1") => withCause(background, new Cause(id, "order-1"));

/** A service that writes down the metadata of its calls, and a client of it. */
async function players(
	layers: ClientLayers = {},
	answer: (times: number, ctx: Context) => Promise<object> = async () => ({}),
) {
	const arrived: Context["metadata"][] = [];
	const handle = (_: unknown, ctx: Context) =>
		answer(arrived.push(ctx.metadata), ctx) as Promise<Record<string, never>>;
	const cluster = new Cluster();
	for (const id of ["a", "b"]) {
		await cluster.start(id, Players, {
			get: handle,
			charge: handle,
			store: handle,
			async *watch(_, ctx) {
				await handle(_, ctx);
				yield 1;
			},
			upload: handle,
		});
	}
	const { registry, transport } = cluster;
	const client: Client<typeof Players> = createClient(Players, {
		registry,
		transports: [transport],
		...layers,
	});
	const ids = () => arrived.map((metadata) => metadata.get("allium-call-id"));
	return { client, ids, arrived, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

async function* numbers() {
	yield 1;
}

describe("a call without a cause", () => {
	test("has no id", async () => {
		await using lab = await players();
		await lab.client.charge({ amount: 1 });
		expect(lab.ids()).toEqual([undefined]);
	});

	test("has a fresh one where the client gives each call one", async () => {
		await using lab = await players({ callIds: true });
		await lab.client.charge({ amount: 1 });
		await lab.client.charge({ amount: 1 });
		expect(new Set(lab.ids()).size).toBe(2);
		expect(lab.ids()).not.toContain(undefined);
	});
});

describe("a call that follows from a cause", () => {
	test.each<[string, (client: Client<typeof Players>, ctx: Context) => Promise<unknown>]>([
		["unary", (client, ctx) => client.charge({ amount: 1 }, ctx)],
		["server_stream", (client, ctx) => Array.fromAsync(client.watch({}, ctx))],
		["client_stream", (client, ctx) => client.upload(numbers(), ctx)],
	])("has the same id when the cause comes again: %s", async (_, call) => {
		await using lab = await players();
		await call(lab.client, delivery());
		await call(lab.client, delivery());
		await call(lab.client, delivery("event-2"));
		const [first, again, other] = lab.ids();
		expect(first).toBeDefined();
		expect(again).toBe(first);
		expect(other).not.toBe(first);
	});

	test("tells the first cause of all", async () => {
		await using lab = await players();
		await lab.client.charge({ amount: 1 }, delivery());
		expect(lab.arrived[0]?.get("allium-correlation-id")).toBe("order-1");
	});

	test("has none where it only reads", async () => {
		await using lab = await players({ callIds: true });
		await lab.client.get({}, delivery());
		expect(lab.ids()).toEqual([undefined]);
	});

	test("keeps the id that its context has", async () => {
		await using lab = await players({ callIds: true });
		await lab.client.charge({ amount: 1 }, delivery().withMetadata({ "allium-call-id": "mine" }));
		expect(lab.ids()).toEqual(["mine"]);
	});

	test("has an id of its name instead of its input", async () => {
		await using lab = await players();
		for (const at of [1, 2]) {
			await lab.client.charge({ amount: 1, at }, delivery().withValue(effectName, "deposit"));
		}
		expect(new Set(lab.ids()).size).toBe(1);
	});

	test("fails when there is no room for its id, rather than being repeated some day", async () => {
		await using lab = await players();
		const full = delivery().withMetadata({ "x-large": "x".repeat(8_170) });
		await expect(lab.client.charge({ amount: 1 }, full)).rejects.toMatchObject({
			reason: "invalid_metadata",
		});
		expect(lab.ids()).toEqual([]);
	});
});

describe("two equal calls of one handler", () => {
	test("have different ids, one after the other and at once, the same in each run", async () => {
		await using lab = await players();
		for (const ctx of [delivery(), delivery()]) {
			await lab.client.charge({ amount: 1 }, ctx);
			await Promise.all([lab.client.charge({ amount: 1 }, ctx), lab.client.charge({ amount: 1 }, ctx)]);
		}
		const [first, again] = [lab.ids().slice(0, 3), lab.ids().slice(3)];
		expect(new Set(first).size).toBe(3);
		expect(again.toSorted()).toEqual(first.toSorted());
	});

	test("have different ids after a declared error, which is an answer", async () => {
		await using lab = await players({}, () => Promise.reject(Players.charge.error.broke()));
		const ctx = delivery();
		for (let times = 0; times < 2; times++) {
			await expect(lab.client.charge({ amount: 1 }, ctx)).rejects.toMatchObject({ reason: "broke" });
		}
		expect(new Set(lab.ids()).size).toBe(2);
	});

	test.each(["unavailable", "internal", "aborted"] as const)(
		"are one call when the first failed with %s",
		async (code) => {
			await using lab = await players({ middleware: [] }, async (times) => {
				if (times === 1) throw new ServiceError({ code });
				return {};
			});
			const ctx = delivery();
			await expect(lab.client.charge({ amount: 1 }, ctx)).rejects.toMatchObject({ code });
			await lab.client.charge({ amount: 1 }, ctx);
			expect(new Set(lab.ids()).size).toBe(1);
		},
	);
});

describe("all attempts at a call have one id", () => {
	test("when it is tried again", async () => {
		await using lab = await players({}, async (times) => {
			if (times === 1) throw new ServiceError({ code: "unavailable" });
			return {};
		});
		await lab.client.store({}, delivery());
		expect(lab.ids()).toHaveLength(2);
		expect(new Set(lab.ids()).size).toBe(1);
	});

	test("when a second one is made beside it", async () => {
		const held = Promise.withResolvers<object>();
		await using lab = await players({ middleware: [hedge({ afterMs: 0 })] }, () => held.promise);
		const call = lab.client.store({}, delivery());
		await vi.waitFor(() => expect(lab.ids()).toHaveLength(2));
		held.resolve({});
		await call;
		expect(new Set(lab.ids()).size).toBe(1);
	});
});
