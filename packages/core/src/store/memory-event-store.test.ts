import { expect, test } from "vitest";
import { Context } from "../context/context.ts";
import type { EventRecord } from "../event/event-record.ts";
import { memoryBroker } from "../event/memory-broker.ts";
import { MemoryTopics } from "../event/memory-log.ts";
import type { Append } from "./event-store.ts";
import { memoryEventStore } from "./memory-event-store.ts";

const ctx = Context.background();

function opened(id: string, data: unknown = { id }): EventRecord {
	return {
		id,
		type: "account.opened",
		version: 1,
		source: "bank",
		key: "a1",
		time: "2026-11-26T03:00:00.000Z",
		data,
		correlationId: id,
	};
}

function part(stream: string, ...events: EventRecord[]): Append {
	return { stream, topic: "account", expected: "any", events };
}

test("a broker over the same topics delivers what is appended to a stream", async () => {
	const topics = new MemoryTopics();
	const [store, broker] = [memoryEventStore({ topics }), memoryBroker({ topics })];
	const handled = Promise.withResolvers<string>();
	await broker.consume(
		{
			topic: "account",
			group: "mails",
			from: "start",
			handles: { opened: 1 },
			concurrency: 1,
			bytes: 1_000,
			each: false,
			park: "key",
		},
		async ({ event }) => {
			handled.resolve(event.id);
			return { do: "done" };
		},
		ctx,
	);
	await store.append([part("account/a1", opened("1"))], ctx);
	expect(await handled.promise).toBe("1");
	await broker.close();
	await store.close();
});

test("events of streams are kept in a topic that otherwise keeps little", async () => {
	const topics = new MemoryTopics();
	const store = memoryEventStore({ topics });
	await store.log.open("account", { lanes: 1, retainBytes: 1_000 }, ctx);
	for (let count = 0; count < 5; count++)
		await store.append([part("account/a1", opened(`${count}`, "x".repeat(700)))], ctx);
	const log = (await store.log.find("account", ctx)) ?? expect.unreachable();
	const page = await log.read(new Map([[0, ""]]), { events: 10, bytes: 1e6 }, ctx);
	expect(page.events.map(({ event }) => event.id)).toEqual(["0", "1", "2", "3", "4"]);
});

test("what is changed after it was appended is not changed in the stream", async () => {
	const store = memoryEventStore();
	const data = { amount: 1 };
	await store.append([part("account/a1", opened("1", data))], ctx);
	data.amount = 2;
	expect((await store.read("account/a1", {}, ctx)).events[0]?.event.data).toEqual({ amount: 1 });
});

test("the work of a transaction runs again when another has written to its stream meanwhile", async () => {
	const store = memoryEventStore();
	let runs = 0;
	const appended = await store.transaction(async (tx) => {
		const told = await tx.append(part("account/a1", opened("1")));
		if (++runs === 1) await store.append([part("account/a1", opened("2"))], ctx);
		return told;
	}, ctx);
	expect([runs, appended.version]).toEqual([2, 2]);
	const { events } = await store.read("account/a1", {}, ctx);
	expect(events.map(({ event }) => event.id)).toEqual(["2", "1"]);
});

test("stores with topics of their own are told apart by their identity", async () => {
	const topics = new MemoryTopics();
	const identity = await memoryEventStore({ topics }).identity(ctx);
	expect(await memoryEventStore({ topics }).identity(ctx)).toBe(identity);
	expect(await memoryEventStore().identity(ctx)).not.toBe(identity);
});
