import type { StreamRange } from "@allium/core/store";
import { sleep } from "@allium/core/transport";
import { expect } from "vitest";
import { accountEvent, accountEvents, idsOf, part, streamName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, readStream, readTopicOf } from "./store-lab.ts";

/** Reading streams. */
export const readingCases: readonly EventStoreCase[] = [
	{
		title: "a stream is read forwards and backwards, behind a version, and as far as a limit",
		async run(lab) {
			const store = await lab.open();
			await append(store, part(accountEvents("e", 6)));
			const read = async (range: StreamRange): Promise<[versions: number[], more: boolean]> => {
				const { events, version, more } = await store.read(streamName, range, background);
				expect(version).toBe(6);
				for (const each of events) expect(each.event.id).toBe(`e-${each.version - 1}`);
				return [events.map((each) => each.version), more];
			};
			expect(await read({})).toEqual([[1, 2, 3, 4, 5, 6], false]);
			expect(await read({ limit: 2 })).toEqual([[1, 2], true]);
			expect(await read({ after: 2 })).toEqual([[3, 4, 5, 6], false]);
			expect(await read({ after: 2, limit: 2 })).toEqual([[3, 4], true]);
			expect(await read({ after: 4, limit: 2 })).toEqual([[5, 6], false]);
			expect(await read({ after: 6 })).toEqual([[], false]);
			expect(await read({ after: 100 })).toEqual([[], false]);
			expect(await read({ backwards: true })).toEqual([[6, 5, 4, 3, 2, 1], false]);
			expect(await read({ backwards: true, limit: 2 })).toEqual([[6, 5], true]);
			expect(await read({ backwards: true, after: 5, limit: 2 })).toEqual([[4, 3], true]);
			expect(await read({ backwards: true, after: 3 })).toEqual([[2, 1], false]);
			expect(await read({ backwards: true, after: 1 })).toEqual([[], false]);
			expect(await read({ backwards: true, after: 100, limit: 1 })).toEqual([[6], true]);
		},
	},
	{
		title: "a page keeps to its bytes, and one event that is larger comes alone",
		async run(lab) {
			const store = await lab.open();
			await append(store, part(accountEvents("e", 8, { data: "x".repeat(10_000) })));
			const page = await store.read(streamName, { bytes: 35_000 }, background);
			expect([idsOf(page.events), page.more]).toEqual([["e-0", "e-1", "e-2"], true]);
			const alone = await store.read(streamName, { after: 3, bytes: 100 }, background);
			expect([idsOf(alone.events), alone.more]).toEqual([["e-3"], true]);
			const back = await store.read(streamName, { backwards: true, bytes: 25_000 }, background);
			expect([idsOf(back.events), back.more]).toEqual([["e-7", "e-6"], true]);
		},
	},
	{
		title: "a page that says nothing has 1000 events at most, and 4 MiB",
		async run(lab) {
			const store = await lab.open();
			await append(store, part(accountEvents("e", 1_001)));
			const page = await store.read(streamName, {}, background);
			expect([page.events.length, page.version, page.more]).toEqual([1_000, 1_001, true]);
			const stream = "account/large";
			for (let count = 0; count < 6; count++)
				await append(store, part([accountEvent(`l${count}`, { data: "x".repeat(900_000) })], { stream }));
			const large = await store.read(stream, {}, background);
			expect([large.events.length, large.version, large.more]).toEqual([4, 6, true]);
		},
	},
	{
		title: "a stream that is not there is empty, forwards and backwards",
		async run(lab) {
			const store = await lab.open();
			const empty = { events: [], version: 0, more: false };
			expect(await store.read(streamName, {}, background)).toEqual(empty);
			expect(await store.read(streamName, { after: 5, backwards: true }, background)).toEqual(empty);
			await append(store, part([accountEvent("1")], { stream: `${streamName}0` }));
			expect(await store.read(streamName, {}, background)).toEqual(empty);
		},
	},
	{
		title: "an event of a stream has the place that it has in the log of its topic",
		async run(lab) {
			const store = await lab.open();
			for (const stream of ["account/a1", "account/a2"])
				await append(store, part(accountEvents(stream, 3), { stream }));
			const log = await readTopicOf(lab, store, 6);
			for (const stream of ["account/a1", "account/a2"]) {
				for (const { event, lane, cursor } of await readStream(store, stream)) {
					const placed = log.find((each) => each.event.id === event.id);
					expect(placed?.event).toEqual(event);
					expect(lane).toBe(placed?.lane);
					expect(cursor ?? placed?.cursor).toBe(placed?.cursor);
				}
			}
		},
	},
	{
		title: "a stream of many events is read whole, page by page, and from its end",
		timeoutMs: 180_000,
		async run(lab) {
			const store = await lab.open();
			const { many } = lab;
			for (let from = 0; from < many; from += 1_000) {
				const events = accountEvents(`from-${from}`, Math.min(1_000, many - from));
				await append(store, part(events, { expected: from }));
			}
			const events = await readStream(store);
			expect(events).toHaveLength(many);
			expect(events.every(({ version }, index) => version === index + 1)).toBe(true);
			const last = await store.read(streamName, { backwards: true, limit: 1 }, background);
			expect(last.events).toMatchObject([{ version: many }]);
		},
	},
	{
		title: "reading finds an append whole or not at all",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const write = async (): Promise<void> => {
				for (let call = 0; call < 30; call++) await append(left, part(accountEvents(`call-${call}`, 5)));
			};
			const read = async (): Promise<void> => {
				for (let version = 0; version < 150; ) {
					const page = await right.read(streamName, {}, background);
					version = page.version;
					expect(version % 5).toBe(0);
					expect(page.events).toHaveLength(version);
					// A store in the process may answer without yielding, which the writer needs.
					await sleep(0, background);
				}
			};
			await Promise.all([write(), read()]);
		},
	},
];
