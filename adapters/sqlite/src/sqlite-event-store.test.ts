import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Context } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import type { Append, EventStore, StoreTransaction } from "@allium/core/store";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { broker, eventStore } from "./index.ts";
import { sqliteLog } from "./sqlite-ports.ts";

const ctx = Context.background();

function event(id: string, facts: Partial<EventRecord> = {}): EventRecord {
	return {
		id,
		type: "account.deposited",
		version: 1,
		source: "test",
		key: "a1",
		time: "2026-11-26T03:00:00.000Z",
		data: { amount: 1 },
		correlationId: id,
		...facts,
	};
}

function part(stream: string, expected: Append["expected"], ...events: readonly EventRecord[]): Append {
	return { stream, topic: "account", expected, events };
}

describe("an event store in SQLite", () => {
	let folder: string;
	let url: string;
	let opened: { close(): Promise<void> }[];
	let store: EventStore;

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "allium-store-"));
		url = `sqlite:${folder}`;
		opened = [];
		store = await open();
	});
	afterEach(async () => {
		await Promise.all(opened.map((each) => each.close()));
		await rm(folder, { recursive: true });
	});

	async function open(): Promise<EventStore> {
		const another = await eventStore(url);
		opened.push(another);
		return another;
	}

	async function ids(stream: string): Promise<string[]> {
		const { events } = await store.read(stream, {}, ctx);
		return events.map(({ event }) => event.id);
	}

	function sum(...names: string[]): Promise<number> {
		return store.transaction(async (tx) => {
			const rows = await tx.sql<{ name: string; amount: number }>`SELECT name, amount FROM sums`;
			return rows.filter(({ name }) => names.includes(name)).reduce((total, { amount }) => total + amount, 0);
		}, ctx);
	}

	test("a refused append undoes none of those that share its transaction", async () => {
		const appended = await Promise.allSettled([
			store.append([part("account/a1", "none", event("1"))], ctx),
			store.append([part("account/a1", "none", event("2"))], ctx),
			store.append([part("account/a2", "any", event("3")), part("account/a3", 7, event("4"))], ctx),
			store.append([part("account/a1", 1, event("5"))], ctx),
			store.append([part("account/a4", "any", event("5", { data: "other" }))], ctx),
			store.append([part("account/a1", 2, event("6"))], ctx),
		]);
		expect(appended.map(({ status }) => status)).toEqual([
			"fulfilled",
			"rejected",
			"rejected",
			"fulfilled",
			"rejected",
			"fulfilled",
		]);
		expect(await ids("account/a1")).toEqual(["1", "5", "6"]);
		const { items } = await store.streams({ limit: 10 }, ctx);
		expect(items.map(({ stream }) => stream)).toEqual(["account/a1"]);
	});

	test("the broker of the same folder delivers what is appended, and finds what was published a duplicate", async () => {
		const other = await broker(url);
		opened.push(other);
		const delivered: string[] = [];
		await other.consume(
			{
				topic: "account",
				group: "mails",
				from: "start",
				handles: { deposited: 1 },
				concurrency: 1,
				bytes: 1_000,
				each: false,
				park: "key",
			},
			async ({ event }) => {
				delivered.push(event.id);
				return { do: "done" };
			},
			ctx,
		);
		await store.append([part("account/a1", "none", event("1"), event("2"))], ctx);
		await vi.waitFor(() => expect(delivered).toEqual(["1", "2"]), { timeout: 30_000 });
		const topic = await other.open("account", {}, ctx);
		expect(await topic.publish([event("1")], ctx)).toMatchObject([{ id: "1", duplicate: true }]);
	});

	test("a topic that was made with bounds keeps everything from the first event of a stream on", async () => {
		const log = sqliteLog(url);
		opened.push(log);
		const topic = await log.open("account", { lanes: 1, retainMs: 1, retainBytes: 1 }, ctx);
		const short = await log.open("short", { lanes: 1, retainMs: 1 }, ctx);
		await store.append([part("account/a1", "none", event("1"))], ctx);
		await topic.append([event("2")], ctx);
		await short.append([event("3")], ctx);
		const start = new Map([[0, ""]]);
		const read = async (from: typeof topic): Promise<string[]> => {
			const { events } = await from.read(start, { events: 10, bytes: 1e6 }, ctx);
			return events.map(({ event }) => event.id);
		};
		await vi.waitFor(async () => expect(await read(short)).toEqual([]), { timeout: 30_000 });
		expect(await read(topic)).toEqual(["1", "2"]);
	});

	test("the stream, its events and what caused them are found among 20,000 events", async () => {
		const made = (from: number): EventRecord[] =>
			Array.from({ length: 5_000 }, (_, index) => {
				const id = `${from + index}`;
				return event(id, { causationId: id.endsWith("777") ? "sevens" : id });
			});
		for (let from = 0; from < 20_000; from += 5_000)
			await store.append([part("account/a1", from, ...made(from))], ctx);
		const found = await store.madeBy("account/a1", "sevens", ctx);
		expect(found.map(({ version }) => version)).toEqual(
			Array.from({ length: 20 }, (_, thousand) => thousand * 1_000 + 778),
		);
		expect(await store.madeBy("account/a1", "eights", ctx)).toEqual([]);
		const page = await store.read("account/a1", { after: 19_990, backwards: true, limit: 2 }, ctx);
		expect(page.events.map(({ version }) => version)).toEqual([19_989, 19_988]);
	});

	test("a page keeps to its bytes, forwards and backwards, and one event that is larger comes alone", async () => {
		const sizes = [100, 100, 5_000, 100, 100];
		const events = sizes.map((size, index) => event(`${index + 1}`, { data: "x".repeat(size) }));
		await store.append([part("account/a1", "none", ...events)], ctx);
		const versions = async (after: number | undefined, backwards: boolean): Promise<number[]> => {
			const range = { bytes: 1_000, backwards, ...(after !== undefined && { after }) };
			const page = await store.read("account/a1", range, ctx);
			expect(page.more).toBe(page.events.at(-1)?.version !== (backwards ? 1 : 5));
			return page.events.map(({ version }) => version);
		};
		expect(await versions(undefined, false)).toEqual([1, 2]);
		expect(await versions(2, false)).toEqual([3]);
		expect(await versions(3, false)).toEqual([4, 5]);
		expect(await versions(undefined, true)).toEqual([5, 4]);
		expect(await versions(4, true)).toEqual([3]);
	});

	test("an outcome whose time is over makes room for another of the same id", async () => {
		const outcome = { id: "call", fingerprint: "f", text: "ok", keepMs: 0 };
		await store.append([], ctx, outcome);
		expect(await store.outcome("call", ctx)).toBeUndefined();
		await store.append([], ctx, { ...outcome, text: "again", keepMs: 60_000 });
		expect(await store.outcome("call", ctx)).toMatchObject({ text: "again" });
		await expect(store.append([part("", "none", event("1"))], ctx, outcome)).rejects.toMatchObject({
			reason: "outcome_known",
		});
	});

	test("a store that knows no file has nothing, and makes none by reading", async () => {
		expect(await store.read("account/a1", {}, ctx)).toEqual({ events: [], version: 0, more: false });
		expect(await store.madeBy("account/a1", "cause", ctx)).toEqual([]);
		expect(await store.streams({ limit: 10 }, ctx)).toEqual({ items: [] });
		expect(await store.outcome("call", ctx)).toBeUndefined();
		expect(await store.snapshot("account/a1", "ledger", ctx)).toBeUndefined();
		expect(await store.log.topics(ctx)).toEqual([]);
		expect(await store.identity(ctx)).toBe(await (await open()).identity(ctx));
	});

	describe("a transaction", () => {
		beforeEach(async () => {
			await store.transaction(async (tx) => {
				await tx.sql`CREATE TABLE sums (name TEXT PRIMARY KEY, amount INTEGER NOT NULL)`;
				await tx.sql`INSERT INTO sums VALUES (${"a"}, ${0}), (${"b"}, ${0})`;
			}, ctx);
		});

		test("does rows, streams and topics together", async () => {
			const version = await store.transaction(async (tx) => {
				await tx.sql`UPDATE sums SET amount = ${5} WHERE name = ${"a"}`;
				await tx.publish("news", [event("n1")]);
				return (await tx.append(part("account/a1", "none", event("1"), event("2")))).version;
			}, ctx);
			expect(version).toBe(2);
			expect(await sum("a")).toBe(5);
			expect(await ids("account/a1")).toEqual(["1", "2"]);
			expect(await store.log.topics(ctx)).toEqual(["account", "news"]);
		});

		test.each([
			["throws", () => Promise.reject(new RangeError("mine")), "mine"],
			["awaits a turn of the event loop", () => nextTurn(), "awaits something else than its transaction"],
			["reads the store", () => store.read("account/a1", {}, ctx), "awaits something else"],
			["appends beside it", () => store.append([], ctx), "awaits something else"],
		])("whose work %s does nothing", async (_, then, message) => {
			const work = store.transaction(async (tx) => {
				await tx.sql`UPDATE sums SET amount = 5`;
				await tx.append(part("account/a1", "none", event("1")));
				await then();
			}, ctx);
			await expect(work).rejects.toThrow(message);
			expect(await sum("a", "b")).toBe(0);
			expect(await ids("account/a1")).toEqual([]);
		});

		test("is not seen before its end, and what is asked for meanwhile comes after it", async () => {
			let during: Promise<unknown>[] = [];
			await store.transaction(async (tx) => {
				await tx.append(part("account/a1", "none", event("1")));
				during = [
					store.read("account/a1", {}, ctx),
					store.append([part("account/a1", 1, event("2"))], ctx),
					store.transaction((other) => other.append(part("account/a1", 2, event("3"))), ctx),
				];
				for (let count = 0; count < 100; count++) await undefined;
				await tx.sql`UPDATE sums SET amount = 1`;
			}, ctx);
			const [read, ...appended] = await Promise.all(during);
			expect(read).toMatchObject({ version: 1 });
			expect(appended).toMatchObject([[{ version: 2 }], { version: 3 }]);
		});

		test("that is undone is never seen", async () => {
			let read: Promise<{ readonly version: number }> | undefined;
			const work = store.transaction(async (tx) => {
				await tx.append(part("account/a1", "none", event("1")));
				read = store.read("account/a1", {}, ctx);
				throw new RangeError("mine");
			}, ctx);
			await expect(work).rejects.toThrow("mine");
			expect(await read).toMatchObject({ version: 0 });
		});

		test("goes on after a refusal that its work has caught, as if it had not been asked", async () => {
			await store.transaction(async (tx) => {
				await tx.append(part("account/a1", "none", event("1")));
				const wrong = tx.append(part("account/a1", "none", event("2")));
				await expect(wrong).rejects.toMatchObject({ code: "aborted", reason: "wrong_version" });
				const taken = tx.sql`INSERT INTO sums VALUES ('c', 1), ('a', 1)`;
				await expect(taken).rejects.toMatchObject({ code: "already_exists", reason: "not_unique" });
				await tx.append(part("account/a1", 1, event("3")));
			}, ctx);
			expect(await ids("account/a1")).toEqual(["1", "3"]);
			expect(await sum("a", "b", "c")).toBe(0);
		});

		test("is worth nothing after its end", async () => {
			const kept = await store.transaction(async (tx) => ({ tx }), ctx);
			const late = { code: "failed_precondition", message: expect.stringContaining("has ended") };
			await expect(kept.tx.sql`DELETE FROM sums`).rejects.toMatchObject(late);
			await expect(kept.tx.publish("news", [event("1")])).rejects.toMatchObject(late);
		});

		test("binds values, whatever they hold", async () => {
			const hostile = "'); DROP TABLE sums; --\0\u{1f600}";
			const rows = await store.transaction(async (tx) => {
				await tx.sql`INSERT INTO sums VALUES (${hostile}, ${true})`;
				return tx.sql`SELECT name, amount FROM sums WHERE name = ${hostile}`;
			}, ctx);
			expect(rows).toEqual([{ name: hostile, amount: 1 }]);
		});

		test.each<[string, (tx: StoreTransaction) => Promise<unknown>, string]>([
			["ends it", (tx) => tx.sql`COMMIT`, "can neither end it"],
			["begins a savepoint", (tx) => tx.sql`SAVEPOINT mine`, "can neither end it"],
			["changes settings", (tx) => tx.sql`PRAGMA user_version = 99`, "or PRAGMA"],
			["uses other databases", (tx) => tx.sql`ATTACH ':memory:' AS other`, "use other databases"],
			["changes the log", (tx) => tx.sql`DELETE FROM events`, "the table events is the event store's own"],
			["drops a table of the store", (tx) => tx.sql`DROP TABLE "Streams"`, "give your table another name"],
			["watches the log", (tx) => tx.sql`CREATE INDEX mine ON events (time)`, "the event store's own"],
			["is two statements", (tx) => tx.sql`DELETE FROM sums; DELETE FROM sums`, "runs one statement"],
		])("refuses SQL that %s", async (_, run, message) => {
			await expect(store.transaction(run, ctx)).rejects.toThrow(message);
			await store.append([part("account/a1", "none", event("1"))], ctx);
			expect(await ids("account/a1")).toEqual(["1"]);
		});

		test("of two handles wait for each other, and add up", async () => {
			const handles = [store, await open(), await open()];
			const add = (each: EventStore): Promise<unknown> =>
				each.transaction((tx) => tx.sql`UPDATE sums SET amount = amount + 1 WHERE name = 'a'`, ctx);
			await Promise.all(Array.from({ length: 20 }, () => handles.map(add)).flat());
			expect(await sum("a")).toBe(60);
		});

		test("ends with its store", async () => {
			const mine = await open();
			const work = mine.transaction(async (tx) => {
				await tx.append(part("account/a1", "none", event("1")));
				void mine.close();
				await tx.append(part("account/a1", 1, event("2")));
			}, ctx);
			await expect(work).rejects.toMatchObject({ code: "failed_precondition" });
			expect(await ids("account/a1")).toEqual([]);
		});
	});
});
