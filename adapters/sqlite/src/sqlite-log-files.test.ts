import {
	copyFile,
	mkdir,
	mkdtemp,
	open as openFile,
	readFile,
	rm,
	unlink,
	writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Context } from "@allium/core";
import type { Cursors, EventRecord, TopicLog } from "@allium/core/event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SqliteLog } from "./sqlite-log.ts";
import { sqliteGroupState, sqliteLog } from "./sqlite-ports.ts";

const background = Context.background();

function event(id: string, facts: Partial<EventRecord> = {}): EventRecord {
	return {
		id,
		type: "matches.started",
		version: 1,
		source: "test",
		key: "a",
		time: "2026-11-26T03:00:00.000Z",
		data: {},
		correlationId: id,
		...facts,
	};
}

describe("the files of a sqlite log", () => {
	let root: string;
	let folder: string;
	let file: string;
	let opened: { close(): Promise<void> }[];

	beforeEach(async () => {
		root = await mkdtemp(join(tmpdir(), "allium-log-files-"));
		folder = join(root, "data");
		file = join(folder, "events.db");
		opened = [];
	});
	afterEach(async () => {
		await Promise.all(opened.map((each) => each.close()));
		await rm(root, { recursive: true });
	});

	function open(): SqliteLog {
		const log = sqliteLog(`sqlite:${folder}`);
		opened.push(log);
		return log;
	}

	function topic(lanes = 1): Promise<TopicLog> {
		return open().open("matches", { lanes }, background);
	}

	async function read(from: TopicLog, after?: Cursors): Promise<string[]> {
		const start = after ?? (await from.at("start", background));
		const page = await from.read(start, { events: 1_000, bytes: 1e9 }, background);
		return page.events.map(({ event }) => event.id);
	}

	async function failure(): Promise<{ code: string; message: string }> {
		return open()
			.open("matches", {}, background)
			.then(
				() => expect.unreachable("it was opened"),
				(error) => error,
			);
	}

	function change(sql: string): void {
		const database = new DatabaseSync(file, { timeout: 5_000 });
		database.exec(sql);
		database.close();
	}

	test("are made by the first topic; looking for topics makes none", async () => {
		const log = open();
		expect(await log.topics(background)).toEqual([]);
		expect(await log.find("matches", background)).toBeUndefined();
		await expect(mkdir(folder)).resolves.toBeUndefined();
		await log.open("matches", {}, background);
		expect(await log.topics(background)).toEqual(["matches"]);
	});

	test("a file that is no database, of another program or of a newer version is refused", async () => {
		await mkdir(folder);
		await writeFile(file, "my diary\n".repeat(200));
		expect(await failure()).toMatchObject({
			code: "failed_precondition",
			message: `cannot use the file "${file}": it is not a database; move it away or name another folder`,
		});
		await unlink(file);
		change("CREATE TABLE diary (entry TEXT)");
		expect((await failure()).message).toContain("is the database of another program");
		await unlink(file);
		await open().open("matches", {}, background);
		change("PRAGMA user_version = 99");
		expect((await failure()).message).toContain("a newer version of @allium/sqlite: install that here too");
	});

	test.each([1, 2, 99])(
		"a file of another program that has the version %d is left as it is",
		async (version) => {
			await mkdir(folder);
			change(`CREATE TABLE diary (entry TEXT); PRAGMA user_version = ${version}`);
			const before = await readFile(file);
			expect((await failure()).message).toContain("is the database of another program; name another folder");
			expect(await readFile(file)).toEqual(before);
		},
	);

	test("a damaged file is told as such", async () => {
		const first = await topic();
		for (let batch = 0; batch < 20; batch++) {
			const events = Array.from({ length: 50 }, (_, index) => event(`${batch}-${index}`));
			await first.append(events, background);
		}
		await Promise.all(opened.map((each) => each.close()));
		const handle = await openFile(file, "r+");
		const { size } = await handle.stat();
		await handle.write(Buffer.alloc(size - 4096, 7), 0, size - 4096, 4096);
		await handle.close();
		const damaged = await failure();
		expect(damaged.code).toBe("failed_precondition");
		expect(damaged.message).toMatch(/it is damaged|it is not a database/);
	});

	test("when the file is deleted, publishing goes on in a new one, and cursors of the old one have diverged", async () => {
		const [left, right] = [await topic(), await topic()];
		await left.append([event("1"), event("2")], background);
		const before = await right.at("now", background);
		await rm(folder, { recursive: true });
		expect(await read(right)).toEqual([]);
		expect(await right.diverged(before, background)).toEqual([0]);
		await left.append([event("3")], background);
		await right.append([event("4"), event("5")], background);
		expect(await read(left)).toEqual(["3", "4", "5"]);
		expect(await right.diverged(before, background)).toEqual([0]);
	});

	test("a wait hears of what comes into the file that replaces a deleted one", async () => {
		const [left, right] = [await topic(), await topic()];
		const waiting = right.changed(await right.at("now", background), background);
		await rm(folder, { recursive: true });
		await left.append([event("1")], background);
		await waiting;
		expect(await read(right)).toEqual(["1"]);
	});

	test("a topic that was made again with other lanes is refused to those who knew the old one", async () => {
		const old = await topic(4);
		await rm(folder, { recursive: true });
		await topic(2);
		await expect(old.append([event("1")], background)).rejects.toMatchObject({
			code: "failed_precondition",
			message: "the topic matches has been made again with 2 lanes instead of 4; restart this process",
		});
	});

	test("a restored backup is told by the cursors of what came after it, whatever is published then", async () => {
		const first = await topic();
		await first.append([event("1"), event("2")], background);
		const early = await first.at("now", background);
		change("PRAGMA wal_checkpoint(TRUNCATE)");
		await copyFile(file, join(root, "backup.db"));
		await first.append([event("3"), event("4")], background);
		const late = await first.at("now", background);
		await Promise.all(opened.map((each) => each.close()));
		await rm(folder, { recursive: true });
		await mkdir(folder);
		await copyFile(join(root, "backup.db"), file);
		const restored = await topic();
		expect(await restored.diverged(late, background)).toEqual([0]);
		expect(await restored.diverged(early, background)).toEqual([]);
		await restored.append([event("5"), event("6"), event("7")], background);
		expect(await restored.diverged(late, background)).toEqual([0]);
		expect(await restored.diverged(early, background)).toEqual([]);
	});

	test("a position is never given twice, not even when the newest events are gone", async () => {
		const short = await open().open("short", { lanes: 1, retainMs: 1 }, background);
		const [first] = await short.append([event("1")], background);
		await vi.waitFor(async () => expect(await read(short)).toEqual([]), { timeout: 30_000 });
		const [second] = await short.append([event("2")], background);
		expect(String(second?.cursor) > String(first?.cursor)).toBe(true);
	});

	test("what a topic keeps no longer is removed in the background, and nothing of other topics", async () => {
		const kept = await topic();
		await kept.append([event("kept")], background);
		const short = await open().open("short", { lanes: 2, retainMs: 1 }, background);
		const events = Array.from({ length: 300 }, (_, index) => event(`${index}`, { key: `${index}` }));
		await short.append(events, background);
		await vi.waitFor(async () => expect(await read(short)).toEqual([]), { timeout: 30_000 });
		expect(await read(kept)).toEqual(["kept"]);
		change("PRAGMA wal_checkpoint");
		const database = new DatabaseSync(file);
		expect(database.prepare("SELECT bytes FROM topics WHERE name = 'short'").get()).toEqual({ bytes: 0 });
		database.close();
	});

	test("keys and ids that differ only in single surrogates are not taken for each other", async () => {
		const only = await topic();
		const [left, right] = ["\ud800", "\ud801"];
		const receipts = await only.append(
			[event(left, { key: left }), event(right, { key: right })],
			background,
		);
		expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, false]);
		const start = await only.at("start", background);
		for (const key of [left, right]) {
			const page = await only.read(start, { events: 10, bytes: 1e6, key }, background);
			expect(page.events.map(({ event }) => event.id)).toEqual([key]);
		}
	});

	test("a large page is read without holding up the event loop", async () => {
		const large = await topic();
		for (let batch = 0; batch < 20; batch++) {
			const events = Array.from({ length: 500 }, (_, index) => event(`${batch}-${index}`));
			await large.append(events, background);
		}
		const start = await large.at("start", background);
		let turns = 0;
		const turn = (): void => {
			turns++;
			next = setImmediate(turn);
		};
		let next = setImmediate(turn);
		const page = await large.read(start, { events: 10_000, bytes: 1e9 }, background);
		clearImmediate(next);
		expect(page.events).toHaveLength(10_000);
		expect(turns).toBeGreaterThan(5);
	});

	test("the state of groups is in a file of its own", async () => {
		await topic();
		const state = sqliteGroupState(`sqlite:${folder}`);
		opened.push(state);
		const group = state.group({ topic: "matches", group: "rewards" });
		await group.create(new Map([[0, ""]]), background);
		await unlink(file);
		expect(await state.groups(background)).toMatchObject([{ topic: "matches", group: "rewards" }]);
	});

	test("after the file of the groups was deleted, no lease from before is worth anything", async () => {
		const state = sqliteGroupState(`sqlite:${folder}`);
		opened.push(state);
		const group = state.group({ topic: "matches", group: "rewards" });
		await group.create(new Map([[0, ""]]), background);
		await group.join({ id: "me", handles: {} }, background);
		const seen = (await group.report(background))?.lanes[0]?.epoch ?? -1;
		const lease = (await group.claim(0, "me", seen, background)) ?? expect.unreachable();
		await rm(folder, { recursive: true });
		await expect(group.save(lease, { cursor: "c" }, background)).rejects.toMatchObject({
			reason: "lease_lost",
		});
		expect(await group.report(background)).toBeUndefined();
		await group.create(new Map([[0, ""]]), background);
		await expect(group.save(lease, { cursor: "c" }, background)).rejects.toMatchObject({
			reason: "lease_lost",
		});
		expect((await group.report(background))?.lanes[0]?.epoch).toBeGreaterThan(lease.epoch);
	});
});
