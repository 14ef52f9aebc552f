import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Context } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import type { EventStore } from "@allium/core/store";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventStore } from "./index.ts";

const ctx = Context.background();
const env = { NODE_OPTIONS: "--conditions=@allium/source" };

/** Whether this user may mount a file system. */
const mayMount = spawnSync("unshare", ["-rm", "true"]).status === 0;

function event(id: string): EventRecord {
	const facts = { version: 1, source: "test", time: "2026-11-26T03:00:00.000Z", data: {} };
	return { id, type: "account.deposited", key: "a1", correlationId: id, ...facts };
}

/** The tables of the first version of the schema, with an event in them. */
const version1 = `
	PRAGMA journal_mode = WAL;
	CREATE TABLE topics (
		id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lanes INTEGER NOT NULL, retain_ms REAL NOT NULL,
		retain_bytes REAL NOT NULL, bytes INTEGER NOT NULL DEFAULT 0, last INTEGER NOT NULL DEFAULT 0
	) STRICT;
	CREATE TABLE events (
		position INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL, lane INTEGER NOT NULL, key_hash INTEGER,
		bytes INTEGER NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL,
		UNIQUE (topic, id)
	) STRICT;
	CREATE INDEX events_of_lanes ON events (topic, lane, position, key_hash, bytes);
	CREATE TABLE gone (
		topic INTEGER NOT NULL, lane INTEGER NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL,
		PRIMARY KEY (topic, lane)
	) STRICT, WITHOUT ROWID;
	INSERT INTO topics VALUES (1, 'account', 1, 9e15, 9e999, 40, 1);
	INSERT INTO events VALUES (1, 1, 0, NULL, 40, 1, 1, 'old', '{"id":"old","type":"account.deposited"}');
	PRAGMA user_version = 1`;

describe("the file of an event store", () => {
	let root: string;
	let folder: string;
	let file: string;
	let opened: EventStore[];

	beforeEach(async () => {
		root = await mkdtemp(join(tmpdir(), "allium-store-files-"));
		folder = join(root, "data");
		file = join(folder, "events.db");
		opened = [];
		await mkdir(folder);
	});
	afterEach(async () => {
		await Promise.all(opened.map((each) => each.close()));
		await rm(root, { recursive: true });
	});

	async function open(place: string = folder): Promise<EventStore> {
		const store = await eventStore(`sqlite:${place}`);
		opened.push(store);
		return store;
	}

	function change(sql: string): void {
		const database = new DatabaseSync(file, { timeout: 5_000 });
		database.exec(sql);
		database.close();
	}

	function append(store: EventStore, ...ids: readonly string[]): Promise<unknown> {
		const part = { stream: "account/a1", topic: "account", expected: "any", events: ids.map(event) } as const;
		return store.append([part], ctx);
	}

	async function ids(store: EventStore): Promise<string[]> {
		const { events } = await store.read("account/a1", {}, ctx);
		return events.map(({ event }) => event.id);
	}

	test("that a version without streams made is upgraded in place, and keeps what it has", async () => {
		change(version1);
		const store = await open();
		expect(await store.streams({ limit: 10 }, ctx)).toEqual({ items: [] });
		await append(store, "new");
		const topic = (await store.log.find("account", ctx)) ?? expect.unreachable();
		const page = await topic.read(new Map([[0, ""]]), { events: 10, bytes: 1e6 }, ctx);
		expect(page.events.map(({ event }) => event.id)).toEqual(["old", "new"]);
		expect(await ids(store)).toEqual(["new"]);
		expect(await (await open()).identity(ctx)).toBe(await store.identity(ctx));
	});

	test("that was published to outside of streams does not give its ids to a stream", async () => {
		change(version1);
		await expect(append(await open(), "old")).rejects.toMatchObject({ reason: "other_event" });
	});

	test("of another program, of a newer version, and what is no database are refused", async () => {
		const failure = (): Promise<{ message: string }> =>
			open()
				.then((store) => append(store, "1"))
				.then(
					() => expect.unreachable("it was opened"),
					(error) => error,
				);
		change("CREATE TABLE diary (entry TEXT)");
		expect((await failure()).message).toContain("is the database of another program; name another folder");
		change("PRAGMA user_version = 99");
		expect((await failure()).message).toContain("is the database of another program; name another folder");
		await rm(file);
		await writeFile(file, "my diary\n".repeat(200));
		expect((await failure()).message).toContain("it is not a database; move it away or name another folder");
		await rm(file);
		await append(await open(), "1");
		change("PRAGMA user_version = 99");
		expect((await failure()).message).toContain("a newer version of @allium/sqlite: install that here too");
	});

	test("that is deleted is made again, and is another log", async () => {
		const store = await open();
		await append(store, "1");
		const before = await store.identity(ctx);
		await rm(folder, { recursive: true });
		expect(await ids(store)).toEqual([]);
		await append(store, "2");
		expect(await ids(store)).toEqual(["2"]);
		expect(await store.identity(ctx)).not.toBe(before);
	});

	test("has each append whole that was acknowledged before a power cut, and of the others none or all", async () => {
		const store = await open();
		const wal = `${file}-wal`;
		const sizes: number[] = [];
		for (let count = 0; count < 12; count++) {
			await append(store, `${count}-0`, `${count}-1`, `${count}-2`);
			sizes.push((await stat(wal)).size);
		}
		// Data that was not synced may be there in part: the file may end anywhere behind the last acknowledged append.
		for (const [count, size] of sizes.entries()) {
			const next = sizes[count + 1] ?? size;
			for (const end of [size, Math.floor((size + next) / 2), next - 1]) {
				const cut = await mkdtemp(join(root, "cut-"));
				await copyFile(file, join(cut, "events.db"));
				await copyFile(wal, join(cut, "events.db-wal"));
				await truncate(join(cut, "events.db-wal"), end);
				const there = await ids(await open(cut));
				expect(there).toHaveLength(3 * (end < size ? count : count + 1));
			}
		}
	});

	test.skipIf(!mayMount)(
		"on a full disk is one clear refusal, nothing is lost or torn, and it goes on when there is room",
		async () => {
			const small = join(root, "small");
			await mkdir(small);
			const mount = `mount -t tmpfs -o size=24m none "${small}" && exec "$@"`;
			const via = ["unshare", "-rm", "sh", "-c", mount, "sh"];
			const program = join(import.meta.dirname, "fixtures", "store-full-disk.ts");
			const writer = ServiceProcess.run(program, { args: [small], env, via });
			expect(await writer.ended(), writer.output).toBe(0);
			const refused = `refused unavailable: cannot use the file "${join(small, "events.db")}": the disk is full; make room`;
			expect(writer.output.match(/^refused .*$/gm)).toEqual([refused, refused]);
			expect(writer.output).toContain("lost 0, torn 0, rows as appends true");
		},
	);
});
