import { Context } from "@allium/core";
import type { Cursors, EventRecord, TopicLog } from "@allium/core/event";
import { describeServer } from "@allium/testing/servers";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { postgresPorts } from "./postgres-ports.ts";
import { parsePostgresUrl } from "./postgres-url.ts";

const background = Context.background();
const wide = { events: 1_000, bytes: 64 * 1024 * 1024 };
const patient = { timeout: 120_000, interval: 10 };

function event(id: string, key = id): EventRecord {
	const time = "2026-01-01T00:00:00.000Z";
	return { id, type: "matches.started", version: 1, source: "test", key, time, data: {}, correlationId: id };
}

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	let url: string;
	let closing: (() => Promise<unknown>)[];

	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());
	beforeEach(() => {
		url = server.newUrl();
		closing = [];
	});
	afterEach(async () => {
		for (const close of closing.reverse()) await close();
	});

	/** A topic as a process of its own has it. */
	async function open(at = url): Promise<TopicLog> {
		const { log, state } = await postgresPorts(at);
		closing.push(() => Promise.all([log.close(), state.close()]));
		return log.open("matches", { lanes: 4 }, background);
	}

	/** A connection that no port knows of. */
	async function connection(database = "postgres"): Promise<postgres.Sql> {
		const { schema } = parsePostgresUrl(url);
		const sql = postgres({
			host: "127.0.0.1",
			port: server.server.port,
			user: "postgres",
			database,
			max: 1,
			onnotice: () => {},
			connection: { search_path: schema },
		});
		closing.push(() => sql.end({ timeout: 1 }));
		return sql;
	}

	async function idsBehind(topic: TopicLog, after?: Cursors): Promise<string[]> {
		const ids: string[] = [];
		let cursors = after ?? (await topic.at("start", background));
		for (;;) {
			const page = await topic.read(cursors, wide, background);
			if (page.events.length === 0) return ids;
			ids.push(...page.events.map(({ event }) => event.id));
			cursors = page.next;
		}
	}

	/** Positions from 1 on, without a gap, each given once. */
	async function expectDense(count: number): Promise<void> {
		const [found] = await server.runIn(
			url,
			`SELECT count(*)::int AS events, count(DISTINCT position)::int AS positions,
				min(position)::int AS first, max(position)::int AS last FROM log`,
		);
		expect(found).toEqual({ events: count, positions: count, first: 1, last: count });
	}

	/** Takes an event into a transaction that goes on until it is told to end. */
	async function slowWriter(id: string): Promise<{ commit(): Promise<void> }> {
		const sql = await connection();
		const writing = Promise.withResolvers<void>();
		const ending = Promise.withResolvers<void>();
		const done = sql.begin(async (transaction) => {
			await transaction.unsafe(`
				WITH added AS (
					INSERT INTO events (topic, lane, bytes, id, text)
					SELECT id, 0, 2, '${id}', '{"id":"${id}","type":"matches.started"}' FROM topics RETURNING seq
				) INSERT INTO pending SELECT seq FROM added`);
			writing.resolve();
			await ending.promise;
		});
		await writing.promise;
		return {
			commit: async () => {
				ending.resolve();
				await done;
			},
		};
	}

	describe("positions", () => {
		test("16 processes that write are followed without a miss, and positions have no gap", async () => {
			const [reader, ...writers] = await Promise.all(Array.from({ length: 17 }, () => open()));
			const [each, all] = [25, 16 * 25];
			const seen: string[] = [];
			const following = (async () => {
				let after = (await reader?.at("start", background)) ?? new Map();
				while (reader !== undefined && seen.length < all) {
					await reader.changed(after, background);
					const page = await reader.read(after, { events: 7, bytes: 1e6 }, background);
					seen.push(...page.events.map(({ event }) => event.id));
					after = page.next;
				}
			})();
			await Promise.all(
				writers.map(async (writer, index) => {
					for (let count = 0; count < each; count++)
						await writer.append([event(`${index}-${count}`, String(index))], background);
				}),
			);
			await following;
			expect(new Set(seen).size).toBe(all);
			for (let index = 0; index < 16; index++) {
				const own = seen.filter((id) => id.startsWith(`${index}-`));
				expect(own).toEqual(Array.from({ length: each }, (_, count) => `${index}-${count}`));
			}
			await expectDense(all);
		});

		test("an open transaction delays its own events, and nobody else's", async () => {
			const topic = await open();
			const slow = await slowWriter("slow");
			await topic.append([event("quick")], background);
			expect(await idsBehind(topic)).toEqual(["quick"]);
			await slow.commit();
			expect(await idsBehind(topic)).toEqual(["quick", "slow"]);
			await expectDense(2);
		});

		test("an open transaction in another database delays nobody", async () => {
			await server.run(`CREATE DATABASE other_${parsePostgresUrl(url).schema}`);
			const other = await connection(`other_${parsePostgresUrl(url).schema}`);
			const topic = await open();
			await other`BEGIN ISOLATION LEVEL REPEATABLE READ`;
			await other`CREATE TABLE public.held (one int)`;
			await topic.append([event("1"), event("2")], background);
			expect(await idsBehind(topic)).toEqual(["1", "2"]);
			await other`ROLLBACK`;
		});

		test("what rolled back leaves no gap", async () => {
			const topic = await open();
			const sql = await connection();
			await sql
				.begin(async (transaction) => {
					await transaction.unsafe(
						"INSERT INTO events (topic, lane, bytes, id, text) SELECT id, 0, 2, 'x', '' FROM topics",
					);
					throw new Error("rolled back");
				})
				.catch(() => {});
			await topic.append([event("1"), event("2")], background);
			expect(await idsBehind(topic)).toEqual(["1", "2"]);
			await expectDense(2);
		});

		test("stay dense although the process that gives them is killed again and again", async () => {
			const topic = await open();
			const admin = await connection();
			let isOver = false;
			let kills = 0;
			const killing = (async () => {
				while (!isOver) {
					const killed = await admin`
						SELECT pg_terminate_backend(pid) FROM pg_stat_activity
						WHERE application_name = 'allium' AND state = 'active' AND query LIKE '%sequence_pending%'`;
					kills += killed.length;
				}
			})();
			let count = 0;
			while (kills < 50) {
				const id = String(count);
				await vi.waitFor(() => topic.append([event(id)], background), patient);
				count++;
			}
			isOver = true;
			await killing;
			const ids = await vi.waitFor(() => idsBehind(topic), patient);
			expect(ids.length).toBe(count);
			expect(new Set(ids).size).toBe(count);
			await expectDense(count);
		});

		test("are given by the next process that looks, when an appender died before it gave them", async () => {
			const topic = await open();
			const after = await topic.at("now", background);
			const waiting = topic.changed(after, background);
			const slow = await slowWriter("orphan");
			await slow.commit();
			await waiting;
			expect(await idsBehind(topic, after)).toEqual(["orphan"]);
		});

		test("two who give them at once give each once", async () => {
			const [topic, one, other] = [await open(), await connection(), await connection()];
			const count = 200;
			const writing = Promise.all(
				Array.from({ length: count }, (_, index) => topic.append([event(String(index))], background)),
			);
			let isOver = false;
			const racing = Promise.all(
				[one, other].map(async (sql) => {
					while (!isOver) await sql`SELECT sequence_pending(3)`;
				}),
			);
			await writing;
			expect((await idsBehind(topic)).length).toBe(count);
			isOver = true;
			await racing;
			await expectDense(count);
		});

		test("given in runs, each of at most so many events unless one statement added more, are in the order of events", async () => {
			const [topic, sql] = [await open(), await connection()];
			const ids = Array.from({ length: 450 }, (_, index) => String(index));
			// The sequencer of the topic finds the lock taken.
			await sql.begin(async (transaction) => {
				await transaction.unsafe("SELECT sequence_pending(1)");
				await topic.append(
					ids.map((id) => event(id)),
					background,
				);
				const rows = await transaction.unsafe("SELECT cardinality(seqs) AS events FROM pending ORDER BY seq");
				expect(rows.map(({ events }) => events)).toEqual([200, 200, 50]);
				const runs = await transaction.unsafe(
					"SELECT sequence_pending(1) AS one, sequence_pending(249) AS two, sequence_pending(250) AS three",
				);
				expect(runs[0]).toEqual({ one: 200, two: 200, three: 50 });
			});
			expect(await idsBehind(topic)).toEqual(ids);
			await expectDense(ids.length);
		});

		test("ignore that the transactions of the database are repeatable by default", async () => {
			await server.run("ALTER ROLE postgres SET default_transaction_isolation TO 'repeatable read'");
			closing.push(() => server.run("ALTER ROLE postgres RESET default_transaction_isolation"));
			const topics = await Promise.all([open(), open()]);
			await Promise.all(
				topics.flatMap((topic, index) =>
					Array.from({ length: 20 }, (_, count) => topic.append([event(`${index}-${count}`)], background)),
				),
			);
			expect((await idsBehind(await open())).length).toBe(40);
			await expectDense(40);
		});
	});

	test("given many events that got positions, when more are appended, then their dead rows are removed", async () => {
		const topic = await open();
		const vacuums = async (): Promise<number> => {
			const [found] = await server.runIn<{ count: number }>(
				url,
				"SELECT vacuum_count::int AS count FROM pg_stat_all_tables WHERE relid = 'pending'::regclass",
			);
			return found?.count ?? 0;
		};
		let next = 0;
		expect(await vacuums()).toBe(0);
		await server.runIn(url, "INSERT INTO pending SELECT generate_series(1, 25000); DELETE FROM pending");
		await vi.waitFor(async () => {
			await topic.append([event(`e${next++}`)], background);
			expect(await vacuums()).toBeGreaterThan(0);
		}, patient);
	});
});
