import type { Snapshot } from "@allium/core/store";
import { expect } from "vitest";
import { accountEvents, part, streamName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, readStream } from "./store-lab.ts";

/** Snapshots of streams. */
export const snapshotCases: readonly EventStoreCase[] = [
	{
		title: "a snapshot is there for its reader, and comes back as it was",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			expect(await right.snapshot(streamName, "ledger 1", background)).toBeUndefined();
			const snapshot = of({ text: JSON.stringify({ name: "Zürich 🧅", list: ["\u0000", null] }) });
			await left.saveSnapshot(snapshot, background);
			expect(await right.snapshot(streamName, "ledger 1", background)).toEqual(snapshot);
			expect(await right.snapshot(streamName, "ledger 2", background)).toBeUndefined();
			expect(await right.snapshot("account/a2", "ledger 1", background)).toBeUndefined();
		},
	},
	{
		title: "a snapshot takes the place of an older one, and an older one that comes late does not",
		async run(lab) {
			const store = await lab.open();
			for (const version of [3, 7, 5]) {
				await store.saveSnapshot(of({ version, text: `{"at":${version}}` }), background);
			}
			await store.saveSnapshot(of({ reader: "ledger 2", version: 1 }), background);
			expect(await store.snapshot(streamName, "ledger 1", background)).toMatchObject({
				version: 7,
				text: '{"at":7}',
			});
			expect(await store.snapshot(streamName, "ledger 2", background)).toMatchObject({ version: 1 });
			await store.saveSnapshot(of({ version: 7, text: '{"at":"7 again"}' }), background);
			expect(await store.snapshot(streamName, "ledger 1", background)).toMatchObject({ version: 7 });
		},
	},
	{
		title: "snapshots are dropped by their reader, or all, and the streams stay as they are",
		async run(lab) {
			const store = await lab.open();
			await append(store, part(accountEvents("a", 3)));
			for (const stream of [streamName, "account/a2"])
				for (const reader of ["ledger 1", "ledger 2"])
					await store.saveSnapshot(of({ stream, reader, version: 2 }), background);
			expect(await store.dropSnapshots("ledger 1", background)).toBe(2);
			expect(await store.snapshot(streamName, "ledger 1", background)).toBeUndefined();
			expect(await store.snapshot(streamName, "ledger 2", background)).toBeDefined();
			expect(await store.dropSnapshots("no such reader", background)).toBe(0);
			expect(await store.dropSnapshots(undefined, background)).toBe(2);
			expect(await store.snapshot(streamName, "ledger 2", background)).toBeUndefined();
			expect(await readStream(store)).toHaveLength(3);
		},
	},
	{
		title: "a snapshot may be large, and one that is damaged comes back as it is, for its reader to refuse",
		async run(lab) {
			const store = await lab.open();
			const large = of({ text: JSON.stringify("é".repeat(1024 * 1024)) });
			await store.saveSnapshot(large, background);
			expect((await store.snapshot(streamName, "ledger 1", background))?.text).toBe(large.text);
			await store.saveSnapshot(of({ version: 4, text: "{damaged" }), background);
			expect((await store.snapshot(streamName, "ledger 1", background))?.text).toBe("{damaged");
		},
	},
	{
		title: "snapshots that are saved at once are one, of the greatest version",
		async run(lab) {
			const stores = [await lab.open(), await lab.open()];
			const saving = Array.from({ length: 20 }, (_, index) =>
				stores[index % 2]?.saveSnapshot(of({ version: ((index * 7) % 20) + 1 }), background),
			);
			await Promise.all(saving);
			const store = stores[0] ?? expect.unreachable();
			expect(await store.snapshot(streamName, "ledger 1", background)).toMatchObject({ version: 20 });
			expect(await store.dropSnapshots("ledger 1", background)).toBe(1);
		},
	},
];

function of(change: Partial<Snapshot>): Snapshot {
	return { stream: streamName, reader: "ledger 1", version: 3, text: "{}", ...change };
}
