import { byCodePoints, type EventStore } from "@allium/core/store";
import { expect } from "vitest";
import { accountEvent, accountEvents, idsOf, part, streamName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, outcome, readStream, topicOf } from "./store-lab.ts";

/** Opening, listing and closing. */
export const openingCases: readonly EventStoreCase[] = [
	{
		title: "a store says what it guarantees and who it is, the same through every handle",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const features = await left.features(background);
			expect(await right.features(background)).toEqual(features);
			expect(["disk", "replicas", "later"]).toContain(features.syncs);
			expect(features.maxEventBytes).toBeGreaterThanOrEqual(64 * 1024);
			const identity = await left.identity(background);
			expect(identity).not.toBe("");
			expect(await right.identity(background)).toBe(identity);
			expect(await (await lab.openAnother()).identity(background)).not.toBe(identity);
		},
	},
	{
		title: "ten handles that open a store at once open the same",
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 10 }, () => lab.open()));
			await Promise.all(
				stores.map((store, index) =>
					append(store, part(accountEvents(`of-${index}`, 2), { expected: "any" })),
				),
			);
			const identities = await Promise.all(stores.map((store) => store.identity(background)));
			expect(new Set(identities).size).toBe(1);
			for (const store of stores) expect(await readStream(store)).toHaveLength(20);
		},
	},
	{
		title: "two handles append to one stream in turn, and see what the other did",
		async run(lab) {
			const stores = [await lab.open(), await lab.open()];
			for (let count = 0; count < 10; count++) {
				const store = stores[count % 2] ?? expect.unreachable();
				const { version } = await store.read(streamName, { limit: 1 }, background);
				await append(store, part([accountEvent(String(count))], { expected: version }));
			}
			for (const store of stores) expect(await readStream(store)).toHaveLength(10);
		},
	},
	{
		title: "streams are listed with topic and version, by prefix and page by page, sorted by code points",
		async run(lab) {
			const store = await lab.open();
			const names = ["a", "a%", "a/1", "a/10", "a/2", "a_b", "ab", "a\uffff", "a🧅", "A/1", "b", "é"];
			for (const [index, stream] of names.entries())
				await append(store, part(accountEvents(`e${index}`, index + 1), { stream }));
			await append(store, part([accountEvent("1")], { stream: "name/anna", topic: "name" }));
			const sorted = [...names, "name/anna"].sort(byCodePoints);
			for (const limit of [1, 5, 100]) {
				expect(await listed(store, "", limit), `by ${limit}`).toEqual(sorted);
				for (const prefix of ["a", "a/", "a%", "a_", "A", "🧅", "name/"])
					expect(await listed(store, prefix, limit), prefix).toEqual(
						sorted.filter((name) => name.startsWith(prefix)),
					);
			}
			const { items } = await store.streams({ prefix: "a/1", limit: 2 }, background);
			expect(items).toEqual([
				{ stream: "a/1", topic: "account", version: names.indexOf("a/1") + 1 },
				{ stream: "a/10", topic: "account", version: names.indexOf("a/10") + 1 },
			]);
		},
	},
	{
		title: "a closed store refuses what is asked of it, its log, too, and closes twice",
		async run(lab) {
			const store = await lab.open();
			const topic = await topicOf(store);
			await store.close();
			await store.close();
			const asked = [
				() => store.append([part([accountEvent("1")])], background),
				() => store.append([], background, outcome("call")),
				() => store.read(streamName, {}, background),
				() => store.madeBy(streamName, "call", background),
				() => store.outcome("call", background),
				() => store.snapshot(streamName, "ledger", background),
				() => store.saveSnapshot({ stream: streamName, reader: "ledger", version: 1, text: "" }, background),
				() => store.dropSnapshots(undefined, background),
				() => store.streams({ limit: 1 }, background),
				() => store.transaction(async (tx) => tx.append(part([accountEvent("1")])), background),
				() => topic.append([accountEvent("1")], background),
				() => store.log.topics(background),
			];
			for (const ask of asked) {
				await expect(ask(), String(ask)).rejects.toMatchObject({ code: "failed_precondition" });
			}
			expect(await readStream(await lab.open())).toEqual([]);
		},
	},
	{
		title: "a wait for the log ends when its store is closed",
		async run(lab) {
			const store = await lab.open();
			const topic = await topicOf(store);
			const now = await topic.at("now", background);
			const waiting = untilEnd(() => topic.changed(now, background)).catch((error: unknown) => error);
			await store.close();
			expect(await waiting).toMatchObject({ code: "failed_precondition" });
		},
	},
	{
		title: "a context that has ended does nothing",
		async run(lab) {
			const store = await lab.open();
			const { ctx, cancel } = background.withCancel();
			cancel();
			const canceled = { code: "canceled" };
			await expect(store.append([part([accountEvent("1")])], ctx)).rejects.toMatchObject(canceled);
			await expect(store.read(streamName, {}, ctx)).rejects.toMatchObject(canceled);
			await expect(
				store.transaction(async (tx) => tx.append(part([accountEvent("2")])), ctx),
			).rejects.toMatchObject(canceled);
			expect(idsOf(await readStream(store))).toEqual([]);
		},
	},
	{
		title: "nothing is left open after close",
		async run(lab) {
			const before = await lab.openHandles();
			const stores = [await lab.open(), await lab.open()];
			for (const store of stores) {
				await append(store, part([accountEvent("1")]), outcome(crypto.randomUUID()));
				await readStream(store);
				await store.transaction(async (tx) => tx.append(part([accountEvent("2")])), background);
				const topic = await topicOf(store);
				const now = await topic.at("now", background);
				await topic.changed(now, background.withTimeout(50)).catch(() => {});
			}
			for (const store of stores) await store.close();
			await lab.leftNothing(before);
		},
	},
];

/** The names of all streams with a prefix, read in pages of `limit` names. */
async function listed(store: EventStore, prefix: string, limit: number): Promise<string[]> {
	const names: string[] = [];
	let after: string | undefined;
	do {
		const page = await store.streams({ prefix, limit, ...(after !== undefined && { after }) }, background);
		expect(page.items.length).toBeLessThanOrEqual(limit);
		names.push(...page.items.map(({ stream }) => stream));
		after = page.next;
	} while (after !== undefined);
	return names;
}

/** Waits again and again, because a wait may end without reason. */
async function untilEnd(wait: () => Promise<void>): Promise<never> {
	for (;;) await wait();
}
