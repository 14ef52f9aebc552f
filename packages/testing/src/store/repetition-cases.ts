import { expect } from "vitest";
import { accountEvent, accountEvents, idsOf, part, streamName, topicName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, readStream, readTopic, topicOf } from "./store-lab.ts";

const otherEvent = { code: "already_exists", reason: "other_event" };

/** Repeated appends. */
export const repetitionCases: readonly EventStoreCase[] = [
	{
		title: "the same ids again answer the first result, whatever was expected and whatever came behind",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const first = await append(left, part(accountEvents("a", 2), { expected: "none" }));
			await append(left, part(accountEvents("b", 3)));
			const again = await append(right, part(accountEvents("a", 2), { expected: "none" }));
			expect(again).toMatchObject({ stream: streamName, version: 2, duplicate: true });
			const topic = await topicOf(right);
			for (const [index, receipt] of again.receipts.entries()) {
				expect(receipt).toMatchObject({ id: `a-${index}`, duplicate: true });
				const before = first.receipts[index] ?? expect.unreachable();
				expect(await topic.place(receipt, background)).toBe(await topic.place(before, background));
			}
			expect(idsOf(await readStream(left))).toEqual(["a-0", "a-1", "b-0", "b-1", "b-2"]);
			expect(await readTopic(left)).toHaveLength(5);
		},
	},
	{
		title: "an event whose time, trace and metadata are others is the same event",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1", { data: { a: 1, b: [{ c: null }] } })]));
			const again = accountEvent("1", {
				data: { b: [{ c: null }], a: 1 },
				time: "2020-01-01T00:00:00.000Z",
				traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
				tracestate: "vendor=1",
				metadata: { "x-global-tenant": "2" },
			});
			expect(await append(store, part([again]))).toMatchObject({ version: 1, duplicate: true });
		},
	},
	{
		title: "the same ids with other data are refused",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]));
			const others = [
				accountEvent("1", { data: { id: "2" } }),
				accountEvent("1", { type: "account.opened" }),
				accountEvent("1", { version: 2 }),
				accountEvent("1", { causationId: "another" }),
			];
			for (const event of others) {
				const refused = store.append([part([event])], background);
				await expect(refused, JSON.stringify(event)).rejects.toMatchObject(otherEvent);
			}
			expect(idsOf(await readStream(store))).toEqual(["1"]);
		},
	},
	{
		title: "an id that lies in another stream, or in the topic outside of streams, is refused",
		async run(lab) {
			const store = await lab.open();
			const stream = "account/a2";
			await append(store, part([accountEvent("1")]));
			await (await topicOf(store)).append([accountEvent("2", { key: stream })], background);
			for (const id of ["1", "2"]) {
				const refused = store.append([part([accountEvent(id)], { stream })], background);
				await expect(refused, id).rejects.toMatchObject(otherEvent);
			}
			expect(await readStream(store, stream)).toEqual([]);
			expect(await readTopic(store)).toHaveLength(2);
		},
	},
	{
		title: "half old, half new: refused",
		async run(lab) {
			const store = await lab.open();
			await append(store, part(accountEvents("a", 2)));
			await expect(append(store, part(accountEvents("a", 3)))).rejects.toMatchObject({
				code: "already_exists",
				reason: "partly_there",
			});
			expect(idsOf(await readStream(store))).toEqual(["a-0", "a-1"]);
		},
	},
	{
		title: "one append that comes 16 times at once is appended once",
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 4 }, () => lab.open()));
			const racing = Array.from({ length: 16 }, (_, index) => {
				const parts = part(accountEvents("a", 2), { expected: "none" });
				return append(stores[index % stores.length] ?? expect.unreachable(), parts);
			});
			const appended = await Promise.all(racing);
			expect(appended.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
			for (const { version } of appended) expect(version).toBe(2);
			expect(idsOf(await readTopic(await lab.open()))).toEqual(["a-0", "a-1"]);
		},
	},
	{
		title: "an append of several streams comes again as one, also where a part only checked a version",
		async run(lab) {
			const store = await lab.open();
			const parts = [
				part([accountEvent("a")], { expected: "none" }),
				part([accountEvent("b")], { stream: "account/a2", expected: "none" }),
				part([], { stream: "account/a3", expected: "none" }),
			];
			await store.append(parts, background);
			await append(store, part([accountEvent("c")], { stream: "account/a3" }));
			expect(await store.append(parts, background)).toMatchObject([
				{ stream: streamName, version: 1, duplicate: true },
				{ stream: "account/a2", version: 1, duplicate: true },
				{ stream: "account/a3", version: 1, receipts: [] },
			]);
			expect(await readTopic(store)).toHaveLength(3);
		},
	},
	{
		title: "one id in two topics is two events",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]));
			const other = part([accountEvent("1")], { stream: "name/anna", topic: "name" });
			expect(await append(store, other)).toMatchObject({ version: 1, duplicate: false });
		},
	},
	{
		title: "an event of a stream that is published to its topic again is a duplicate",
		async run(lab) {
			const store = await lab.open();
			const append = part([accountEvent("1")]);
			await store.append([append], background);
			const log = await store.log.open(topicName, {}, background);
			expect(await log.append(append.events, background)).toMatchObject([{ id: "1", duplicate: true }]);
			expect(await readTopic(store)).toHaveLength(1);
		},
	},
	{
		title: "what a cause made is found in its stream, in order, wherever it lies",
		async run(lab) {
			const store = await lab.open();
			for (const cause of ["call-1", "call-2", "call-1"]) {
				const count = (await store.read(streamName, {}, background)).version;
				await append(store, part(accountEvents(`at-${count}`, 2, { causationId: cause })));
			}
			await append(store, part([accountEvent("without")]));
			const elsewhere = accountEvent("elsewhere", { causationId: "call-1" });
			await append(store, part([elsewhere], { stream: "account/a2" }));
			await store.saveSnapshot({ stream: streamName, reader: "ledger", version: 7, text: "{}" }, background);
			const made = await store.madeBy(streamName, "call-1", background);
			expect(idsOf(made)).toEqual(["at-0-0", "at-0-1", "at-4-0", "at-4-1"]);
			expect(made.map(({ version }) => version)).toEqual([1, 2, 5, 6]);
			expect(made).toEqual((await readStream(store)).filter(({ event }) => event.causationId === "call-1"));
			expect(await store.madeBy(streamName, "call-3", background)).toEqual([]);
			expect(await store.madeBy("account/a3", "call-1", background)).toEqual([]);
		},
	},
];
