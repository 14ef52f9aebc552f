import type { EventRecord } from "@allium/core/event";
import { eventText } from "@allium/core/event";
import type { Expected } from "@allium/core/store";
import { expect } from "vitest";
import { accountEvent, accountEvents, idsOf, part, streamName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, readStream, readTopic, wrongVersion } from "./store-lab.ts";

const writers = 100;

/** Expected versions, and events that are appended together. */
export const versionCases: readonly EventStoreCase[] = [
	{
		title: "what is appended is read as it was, through another handle",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const whole: EventRecord = accountEvent("1", {
				key: streamName,
				version: 3,
				notBefore: "2026-11-26T04:00:00.000Z",
				causationId: "0",
				correlationId: "root",
				traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
				tracestate: "vendor=1",
				metadata: { "x-global-tenant": "Zürich z1" },
			});
			const appended = await append(left, part([whole]));
			expect(appended).toMatchObject({ stream: streamName, version: 1, duplicate: false });
			expect(appended.receipts).toMatchObject([{ id: "1", duplicate: false }]);
			const page = await right.read(streamName, {}, background);
			expect(page).toMatchObject({ events: [{ event: whole, version: 1 }], version: 1, more: false });
		},
	},
	{
		title: "an expected version that the stream has is taken: a number, none, exists, any",
		async run(lab) {
			const store = await lab.open();
			const taken: readonly Expected[] = ["none", 1, "exists", "any", 4];
			for (const [index, expected] of taken.entries()) {
				const { version } = await append(store, part([accountEvent(String(index))], { expected }));
				expect(version).toBe(index + 1);
			}
			const first = part([accountEvent("first")], { stream: "account/a2", expected: 0 });
			expect((await append(store, first)).version).toBe(1);
		},
	},
	{
		title: "an expected version that the stream has not is refused, with the actual one in the error",
		async run(lab) {
			const store = await lab.open();
			const refused = async (expected: Expected, version: number): Promise<void> => {
				const asked = append(store, part([accountEvent(`not ${expected}`)], { expected }));
				await expect(asked, String(expected)).rejects.toMatchObject(wrongVersion(version));
			};
			await refused("exists", 0);
			await refused(1, 0);
			await append(store, part(accountEvents("a", 3)));
			await refused("none", 3);
			await refused(0, 3);
			await refused(2, 3);
			await refused(4, 3);
			expect(idsOf(await readStream(store))).toEqual(["a-0", "a-1", "a-2"]);
			expect(idsOf(await readTopic(store))).toHaveLength(3);
		},
	},
	{
		title: "of 100 writers with one expectation one wins",
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 4 }, () => lab.open()));
			await append(stores[0] ?? expect.unreachable(), part([accountEvent("first")]));
			const racing = Array.from({ length: writers }, (_, index) =>
				append(
					stores[index % stores.length] ?? expect.unreachable(),
					part([accountEvent(`w${index}`)], { expected: 1 }),
				),
			);
			const outcomes = await Promise.allSettled(racing);
			const refused = outcomes.filter(({ status }) => status === "rejected");
			for (const each of refused) expect(each).toMatchObject({ reason: wrongVersion(2) });
			expect(refused).toHaveLength(writers - 1);
			expect(await readStream(stores[1] ?? expect.unreachable())).toHaveLength(2);
		},
	},
	{
		title: "100 writers with any version leave no holes, and none is lost",
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 4 }, () => lab.open()));
			const racing = Array.from({ length: writers }, (_, index) =>
				append(stores[index % stores.length] ?? expect.unreachable(), part(accountEvents(`w${index}`, 2))),
			);
			const versions = (await Promise.all(racing)).map(({ version }) => version);
			expect(versions.sort((one, other) => one - other)).toEqual(
				Array.from({ length: writers }, (_, index) => 2 * (index + 1)),
			);
			const events = await readStream(stores[0] ?? expect.unreachable());
			expect(events.map(({ version }) => version)).toEqual(
				Array.from({ length: 2 * writers }, (_, index) => index + 1),
			);
			expect(new Set(idsOf(events)).size).toBe(2 * writers);
			// The events of one append lie side by side.
			for (let index = 0; index < events.length; index += 2) {
				const [one = "", other = ""] = idsOf(events.slice(index, index + 2));
				expect(other).toBe(one.replace("-0", "-1"));
			}
		},
	},
	{
		title: "several streams are appended together, in several topics, too",
		async run(lab) {
			const store = await lab.open();
			const appended = await store.append(
				[
					part(accountEvents("a", 2), { expected: "none" }),
					part([accountEvent("b")], { stream: "account/a2" }),
					part([accountEvent("a-0")], { stream: "name/anna", topic: "name", expected: 0 }),
				],
				background,
			);
			expect(appended).toMatchObject([
				{ stream: streamName, version: 2, duplicate: false },
				{ stream: "account/a2", version: 1, duplicate: false },
				{ stream: "name/anna", version: 1, duplicate: false },
			]);
			expect(idsOf(await readStream(store))).toEqual(["a-0", "a-1"]);
			expect(idsOf(await readStream(store, "name/anna"))).toEqual(["a-0"]);
			expect(await store.log.topics(background)).toEqual(["account", "name"]);
		},
	},
	{
		title: "several streams: the last conflict undoes the first",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("b")], { stream: "account/a2" }));
			const parts = [
				part(accountEvents("a", 2)),
				part([accountEvent("c")], { stream: "account/a2", expected: "none" }),
			];
			await expect(store.append(parts, background, outcome)).rejects.toMatchObject(
				wrongVersion(1, "account/a2"),
			);
			expect(await store.read(streamName, {}, background)).toEqual({ events: [], version: 0, more: false });
			expect(await store.outcome(outcome.id, background)).toBeUndefined();
			expect(idsOf(await readTopic(store))).toEqual(["b"]);
		},
	},
	{
		title: "appends to several streams in any order at once never wait for each other for ever",
		async run(lab) {
			const stores = [await lab.open(), await lab.open()];
			const names = ["account/a1", "account/a2", "account/a3"];
			const racing = Array.from({ length: 30 }, (_, index) => {
				const order = index % 2 === 0 ? names : [...names].reverse();
				const parts = order.map((stream) => part([accountEvent(`${index} in ${stream}`)], { stream }));
				return stores[index % 2]?.append(parts, background);
			});
			await Promise.all(racing);
			for (const name of names) expect(await readStream(await lab.open(), name)).toHaveLength(30);
		},
	},
	{
		title: "an append without events checks the version alone",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]));
			const checked = await append(store, part([], { expected: 1 }));
			expect(checked).toEqual({ stream: streamName, version: 1, receipts: [], duplicate: false });
			await expect(append(store, part([], { expected: "none" }))).rejects.toMatchObject(wrongVersion(1));
			const missing = part([], { stream: "account/a2", expected: "none" });
			expect((await append(store, missing)).version).toBe(0);
			expect(await store.streams({ prefix: "account/a2", limit: 1 }, background)).toEqual({ items: [] });
		},
	},
	{
		title: "an event over the size limit is refused by name before anything is added",
		async run(lab) {
			const store = await lab.open();
			const { maxEventBytes } = await store.features(background);
			const sized = (id: string, bytes: number): EventRecord => {
				const empty = eventText(accountEvent(id, { key: streamName, data: "" }), bytes);
				return accountEvent(id, { key: streamName, data: "x".repeat(bytes - empty.length) });
			};
			const parts = [
				part([accountEvent("small")], { stream: "account/a2" }),
				part([sized("larger", maxEventBytes + 1)]),
			];
			await expect(store.append(parts, background)).rejects.toMatchObject({
				code: "resource_exhausted",
				reason: "event_too_large",
				message: expect.stringContaining("larger"),
			});
			expect(await readTopic(store)).toEqual([]);
			await append(store, part([sized("largest", maxEventBytes)]));
			expect(idsOf(await readStream(store))).toEqual(["largest"]);
		},
	},
	{
		title:
			"a stream that is named twice or lies in another topic is refused, and so is an id that comes twice",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]));
			const event = accountEvent("2");
			const asked = [
				[part([event]), part([accountEvent("3")])],
				[part([event], { topic: "name" })],
				[part([event, event])],
				[part([event]), part([event], { stream: "account/a2" })],
			];
			for (const parts of asked) {
				const refused = store.append(parts, background);
				await expect(refused, JSON.stringify(parts)).rejects.toMatchObject({ code: "invalid_argument" });
			}
			expect(idsOf(await readStream(store))).toEqual(["1"]);
		},
	},
];

const outcome = { id: "call", fingerprint: "transfer", text: "{}", keepMs: 3_600_000 };
