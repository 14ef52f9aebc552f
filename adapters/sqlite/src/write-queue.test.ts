import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Context } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DatabaseFile, type Schema } from "./database-file.ts";
import { Query } from "./query.ts";
import { WriteQueue } from "./write-queue.ts";

const background = Context.background();

interface Notes {
	add(note: string): void;
}

const schema: Schema<Notes> = {
	name: "the diary",
	synchronous: "NORMAL",
	mark: "notes",
	version: 1,
	sql: "CREATE TABLE notes (note TEXT UNIQUE)",
	prepare(database) {
		const insert = new Query(database, "INSERT INTO notes VALUES (?)");
		return { add: (note) => void insert.run(note) };
	},
};

describe("a write queue", () => {
	let folder: string;
	let file: DatabaseFile<Notes>;
	let queue: WriteQueue<Notes>;
	/** How many transactions there were. */
	let turns: number;

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "allium-queue-"));
		file = new DatabaseFile(join(folder, "notes.db"), schema);
		turns = 0;
		queue = queueOf(300);
	});
	afterEach(async () => {
		await file.close();
		await rm(folder, { recursive: true });
	});

	function queueOf(busyLimitMs: number): WriteQueue<Notes> {
		return new WriteQueue(
			file,
			(tables) => {
				turns++;
				return { tables };
			},
			busyLimitMs,
		);
	}

	function add(note: string, ctx: Context = background): Promise<void> {
		return queue.write(({ tables }) => tables.add(note), ctx);
	}

	function notes(): string[] {
		const database = new DatabaseSync(file.path);
		const rows = database.prepare("SELECT note FROM notes ORDER BY rowid").all();
		database.close();
		return rows.map(({ note }) => String(note));
	}

	/** Holds the file, as another process would that is writing. */
	async function hold(): Promise<DatabaseSync> {
		await add("first");
		const holder = new DatabaseSync(file.path);
		holder.exec("BEGIN IMMEDIATE");
		return holder;
	}

	test("makes one transaction of all writes of a turn, in their order", async () => {
		const names = Array.from({ length: 64 }, (_, index) => `n${index}`);
		await Promise.all(names.map((name) => add(name)));
		expect(turns).toBe(1);
		expect(notes()).toEqual(names);
	});

	test("a write that refuses is told so, and the others are written", async () => {
		const refused = queue.write(() => {
			throw refusal("not now");
		}, background);
		const outcomes = await Promise.allSettled([add("a"), refused, add("b")]);
		expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
		expect(notes()).toEqual(["a", "b"]);
	});

	test("a transaction that fails changes nothing, is told to all of it, and is not the end", async () => {
		const outcomes = await Promise.allSettled([add("a"), add("b"), add("a")]);
		expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
		await add("c");
		expect(notes()).toEqual(["c"]);
	});

	test("writes that wait for another process join one transaction, without blocking this one", async () => {
		const holder = await hold();
		queue = queueOf(60_000);
		const early = add("early");
		let ticks = 0;
		await new Promise<void>((resolve) => {
			const ticking = setInterval(() => {
				if (++ticks < 20) return;
				clearInterval(ticking);
				resolve();
			}, 5);
		});
		const late = add("late");
		holder.close();
		await Promise.all([early, late]);
		expect(turns).toBe(2);
		expect(notes()).toEqual(["first", "early", "late"]);
	});

	test("a write whose context ends while another process holds the file is never carried out", async () => {
		const holder = await hold();
		queue = queueOf(60_000);
		const { ctx, cancel } = background.withCancel();
		const given = add("given up", ctx);
		const kept = add("kept");
		cancel();
		await expect(given).rejects.toMatchObject({ code: "canceled" });
		holder.close();
		await kept;
		expect(notes()).toEqual(["first", "kept"]);
	});

	test("a file that is held for too long is told as unavailable", async () => {
		const holder = await hold();
		await expect(add("a")).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("other processes held"),
		});
		holder.close();
		await add("b");
		expect(notes()).toEqual(["first", "b"]);
	});

	test("writes that wait when the file is closed are refused, and nothing is left", async () => {
		const holder = await hold();
		queue = queueOf(60_000);
		const waiting = [add("a"), add("b")];
		const outcomes = Promise.allSettled(waiting);
		await file.close();
		await queue.idle();
		for (const outcome of await outcomes) {
			expect(outcome).toMatchObject({
				reason: { code: "failed_precondition", message: "the diary is closed" },
			});
		}
		holder.close();
		expect(notes()).toEqual(["first"]);
	});
});
