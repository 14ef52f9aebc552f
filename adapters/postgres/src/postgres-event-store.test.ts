import { Context } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import type { Append, EventStore } from "@allium/core/store";
import { faultProxy } from "@allium/testing/faults";
import { describeServer } from "@allium/testing/servers";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { eventStore } from "./postgres-event-store.ts";
import { postgresPorts } from "./postgres-ports.ts";
import { parsePostgresUrl } from "./postgres-url.ts";

const background = Context.background();
const patient = { timeout: 120_000, interval: 10 };

function event(id: string, data: unknown = {}): EventRecord {
	const time = "2026-01-01T00:00:00.000Z";
	const type = "account.opened";
	return { id, type, version: 1, source: "test", key: id, time, data, correlationId: id };
}

function append(stream: string, ids: readonly string[], expected: Append["expected"] = "any"): Append {
	return { stream, topic: "account", expected, events: ids.map((id) => event(id)) };
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

	/** A store as a process of its own has it. */
	async function open(at = url): Promise<EventStore> {
		const store = await eventStore(at);
		closing.push(() => store.close());
		return store;
	}

	/** A connection that no port knows of. */
	function connection(): postgres.Sql {
		const { schema } = parsePostgresUrl(url);
		const sql = postgres({
			host: "127.0.0.1",
			port: server.server.port,
			user: "postgres",
			database: "postgres",
			max: 1,
			onnotice: () => {},
			connection: { search_path: schema },
		});
		closing.push(() => sql.end({ timeout: 1 }));
		return sql;
	}

	async function idsOf(store: EventStore, stream: string): Promise<string[]> {
		return (await store.read(stream, {}, background)).events.map(({ event }) => event.id);
	}

	/** Runs until it is told to end, and tells when it is there. */
	function pause(): { here(): Promise<void>; readonly reached: Promise<void>; end(): void } {
		const reached = Promise.withResolvers<void>();
		const ended = Promise.withResolvers<void>();
		return {
			reached: reached.promise,
			end: ended.resolve,
			here: () => {
				reached.resolve();
				return ended.promise;
			},
		};
	}

	describe("appends of one turn", () => {
		test("are one transaction, and a conflict of one undoes none of the others", async () => {
			const store = await open();
			await store.append([append("taken", ["first"])], background);
			const results = await Promise.allSettled([
				store.append([append("a", ["1"], "none")], background),
				store.append([append("taken", ["2"], "none")], background),
				store.append([append("a", ["3"], 1)], background),
				store.append([append("b", ["4"]), append("taken", ["5"], 7)], background),
				store.append([append("taken", ["first"], "none")], background),
			]);
			expect(results).toMatchObject([
				{ value: [{ version: 1 }] },
				{ reason: { reason: "wrong_version", data: { stream: "taken", version: 1 } } },
				{ value: [{ version: 2 }] },
				{ reason: { reason: "wrong_version", data: { stream: "taken", version: 1 } } },
				{ value: [{ version: 1, duplicate: true }] },
			]);
			const [commits] = await server.runIn(
				url,
				"SELECT count(DISTINCT xmin::text)::int AS count FROM events",
			);
			expect(commits).toEqual({ count: 2 });
			expect((await store.streams({ limit: 10 }, background)).items.map(({ stream }) => stream)).toEqual([
				"a",
				"taken",
			]);
		});

		test("with the same id: one is added, and the others learn which one it is", async () => {
			const store = await open();
			const results = await Promise.allSettled([
				store.append([append("a", ["same"])], background),
				store.append([append("b", ["same"])], background),
				store.append([append("c", ["own"])], background),
			]);
			expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
			expect(results[1]).toMatchObject({ reason: { code: "already_exists", reason: "other_event" } });
		});

		test("are added in the order of the calls, also to a topic that is new", async () => {
			const store = await open();
			for (const topic of ["first", "second", "third", "fourth"]) {
				const ids = Array.from({ length: 20 }, (_, index) => `${topic} ${index}`);
				await Promise.all(ids.map((id) => store.append([{ ...append(topic, [id]), topic }], background)));
				expect(await idsOf(store, topic)).toEqual(ids);
			}
		});

		test("keep the order of the calls while another transaction has the id of one of them", async () => {
			const [store, other] = [await open(), await open()];
			await store.append([append("a", ["0"])], background);
			const { here, reached, end } = pause();
			const holding = other.transaction(async (tx) => {
				await tx.append(append("b", ["taken"]));
				await here();
			}, background);
			await reached;
			const ids = Array.from({ length: 20 }, (_, index) => `${index + 1}`);
			const all = ids.toSpliced(10, 0, "taken").map((id) => store.append([append("a", [id])], background));
			const appending = Promise.allSettled(all);
			end();
			await holding;
			const refused = (await appending).filter(({ status }) => status === "rejected");
			expect(refused).toMatchObject([{ reason: { code: "already_exists", reason: "other_event" } }]);
			expect(await idsOf(store, "a")).toEqual(["0", ...ids]);
		});

		test("with the same call: its outcome is kept once", async () => {
			const [one, other] = [await open(), await open()];
			const outcome = { id: "call", fingerprint: "f", text: "a NUL \0", keepMs: 60_000 };
			const results = await Promise.allSettled(
				[one, other].flatMap((store, at) =>
					[0, 1].map((turn) =>
						store.append([append(`s${at}${turn}`, [`${at}${turn}`])], background, outcome),
					),
				),
			);
			expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
			expect(results.filter(({ status }) => status === "rejected")).toMatchObject(
				Array.from({ length: 3 }, () => ({ reason: { reason: "outcome_known" } })),
			);
			expect(await other.outcome("call", background)).toEqual(outcome);
			expect((await one.streams({ limit: 10 }, background)).items).toHaveLength(1);
		});

		test("name a new stream with two topics: it has the first", async () => {
			const store = await open();
			const results = await Promise.allSettled([
				store.append([append("a", ["1"])], background),
				store.append([{ ...append("a", ["2"]), topic: "other" }], background),
			]);
			const refused = results.filter(({ status }) => status === "rejected");
			expect(refused).toMatchObject([{ reason: { code: "invalid_argument" } }]);
		});
	});

	test("16 processes that append to the same streams in any order lose nothing, and none is stuck", async () => {
		const stores = await Promise.all(Array.from({ length: 16 }, () => open()));
		const names = ["a", "b", "c", "d"];
		await Promise.all(
			stores.map(async (store, index) => {
				for (let count = 0; count < 10; count++) {
					const parts = names.map((name) => append(name, [`${name}-${index}-${count}`]));
					await store.append((index + count) % 2 === 0 ? parts : parts.reverse(), background);
				}
			}),
		);
		for (const name of names) {
			const page = await stores[0]?.read(name, {}, background);
			expect(page?.events.map(({ version }) => version)).toEqual(
				Array.from({ length: 160 }, (_, i) => i + 1),
			);
		}
	});

	test("a transaction that stays open delays its own stream only, and what is published not at all", async () => {
		const [store, other] = [await open(), await open()];
		await store.append([append("held", ["0"]), append("free", ["00"])], background);
		const topic = (await store.log.find("account", background)) ?? expect.unreachable();
		const after = await topic.at("now", background);
		const { here, reached, end } = pause();
		const holding = store.transaction(async (tx) => {
			await tx.append(append("held", ["1"]));
			await here();
		}, background);
		await reached;
		const waiting = [2, 3, 4, 5].map((id) => other.append([append("held", [String(id)])], background));
		await other.append([append("free", ["6"]), append("new", ["7"])], background);
		await topic.append([event("8")], background);
		const page = await topic.read(after, { events: 10, bytes: 1e6 }, background);
		expect(page.events.map(({ event }) => event.id)).toEqual(["6", "7", "8"]);
		end();
		await Promise.all([holding, ...waiting]);
		expect((await idsOf(store, "held")).toSorted()).toEqual(["0", "1", "2", "3", "4", "5"]);
		expect((await idsOf(store, "held")).slice(0, 2)).toEqual(["0", "1"]);
	});

	test("retention leaves what streams have, also in a topic that was made to keep nothing", async () => {
		const store = await open();
		const { log, state } = await postgresPorts(url);
		closing.push(() => Promise.all([log.close(), state.close()]));
		const topic = await log.open("account", { lanes: 1, retainMs: 0, retainBytes: 0 }, background);
		await topic.append([event("gone")], background);
		await topic.at("now", background);
		await log.retain();
		await store.append([append("a", ["1", "2"])], background);
		const start = await topic.at("now", background);
		await log.retain();
		expect(await idsOf(store, "a")).toEqual(["1", "2"]);
		expect((await topic.read(new Map([[0, ""]]), { events: 9, bytes: 1e6 }, background)).lost).toEqual([0]);
		expect(await topic.diverged(start, background)).toEqual([]);
	});

	test("outcomes go when they need not be kept any longer", async () => {
		const store = await open();
		await store.append([], background, { id: "short", fingerprint: "f", text: "", keepMs: 0 });
		await store.append([], background, { id: "long", fingerprint: "f", text: "", keepMs: 60_000 });
		expect(await store.outcome("short", background)).toBeUndefined();
		await server.runIn(url, "SELECT forget_outcomes(10)");
		expect(await server.runIn(url, "SELECT call FROM outcomes")).toEqual([{ call: "long" }]);
	});

	test("names are sorted by code points, whatever is in them", async () => {
		const store = await open();
		const names = ["a", "a\0", "a\0b", "a\u0001", 'a"', "a%", "a\\", "a_", "a\u{ffff}", "a\u{10ffff}", "b"];
		for (const name of names) await store.append([append(name, [name])], background);
		const all = await store.streams({ prefix: "a", limit: 100 }, background);
		expect(all.items.map(({ stream }) => stream)).toEqual(names.slice(0, -1));
		const some = await store.streams({ prefix: "a\0", after: "a\0", limit: 1 }, background);
		expect(some).toMatchObject({ items: [{ stream: "a\0b", topic: "account", version: 1 }] });
		expect(some.next).toBeUndefined();
	});

	test("the identity is that of the schema", async () => {
		const identity = await (await open()).identity(background);
		expect(await (await open()).identity(background)).toBe(identity);
		expect(await (await open(server.newUrl())).identity(background)).not.toBe(identity);
	});

	test("only published events lie in no index of streams", async () => {
		const store = await open();
		const topic = await store.log.open("account", {}, background);
		await topic.append([event("1")], background);
		const rows = await server.runIn(url, "SELECT stream, version, cause_hash FROM events");
		expect(rows).toEqual([{ stream: null, version: null, cause_hash: null }]);
	});

	describe("a transaction", () => {
		async function table(columns: string): Promise<string> {
			const name = `public.${parsePostgresUrl(url).schema}`;
			await server.run(`CREATE TABLE ${name} (${columns})`);
			return name;
		}

		test("commits SQL, appends and publications together, and has the tables of the service by their names", async () => {
			const store = await open();
			const name = (await table("id text PRIMARY KEY, amount bigint, note bytea")).slice("public.".length);
			const value = await store.transaction(async (tx) => {
				const into = Object.assign([`INSERT INTO ${name} VALUES (`, ", ", ", ", ")"], { raw: [] });
				await tx.sql(into, "a1", 2n ** 60n, new Uint8Array([1, 2]));
				expect(await tx.append(append("a1", ["1"], "none"))).toMatchObject({ version: 1, duplicate: false });
				expect(await tx.append(append("a1", ["2"], 1))).toMatchObject({ version: 2 });
				expect(await tx.append(append("a1", ["1"], 0))).toMatchObject({ version: 1, duplicate: true });
				expect(await tx.publish("news", [event("n"), event("n")])).toMatchObject([
					{ duplicate: false },
					{ duplicate: true },
				]);
				return tx.sql<{ sum: string }>`SELECT ${1}::int + ${2}::int AS sum`;
			}, background);
			expect(value).toEqual([{ sum: 3 }]);
			expect(await server.run(`SELECT id, amount::text, note::text FROM ${name}`)).toEqual([
				{ id: "a1", amount: String(2n ** 60n), note: "\\x0102" },
			]);
			expect(await idsOf(store, "a1")).toEqual(["1", "2"]);
			const news = (await store.log.find("news", background)) ?? expect.unreachable();
			const page = await news.read(await news.at("start", background), { events: 9, bytes: 1e6 }, background);
			expect(page.events).toHaveLength(1);
		});

		test.each<[string, (tx: Parameters<Parameters<EventStore["transaction"]>[0]>[0]) => Promise<unknown>]>([
			["the work rejects", () => Promise.reject(new Error("on purpose"))],
			[
				"an append is refused, and the work does not care",
				(tx) => tx.append(append("b", ["2"], 9)).catch(() => {}),
			],
			["a statement fails, and the work does not care", (tx) => tx.sql`SELECT 1 / 0`.catch(() => {})],
			[
				"a statement fails that nobody awaits",
				async (tx) => {
					tx.sql`SELECT pg_sleep(0.05), 1 / 0`.catch(() => {});
				},
			],
		])("comes to nothing when %s", async (_, fail) => {
			const store = await open();
			const working = store.transaction(async (tx) => {
				await tx.append(append("a", ["1"]));
				await fail(tx);
			}, background);
			await expect(working).rejects.toThrow();
			expect(await idsOf(store, "a")).toEqual([]);
			// The connection serves the next one.
			await store.transaction((tx) => tx.append(append("a", ["3"], "none")), background);
		});

		test("tells of a value that is there already, and appends nothing", async () => {
			const store = await open();
			const name = await table("email text UNIQUE");
			const register = (id: string): Promise<unknown> =>
				store.transaction(async (tx) => {
					await tx.append(append(id, [id]));
					await tx.sql(Object.assign([`INSERT INTO ${name} VALUES (`, ")"], { raw: [] }), "ann@example");
				}, background);
			await register("a1");
			await expect(register("a2")).rejects.toMatchObject({ code: "already_exists" });
			expect(await idsOf(store, "a2")).toEqual([]);
		});

		test("runs again when it and another one wait for each other", async () => {
			const store = await open();
			await store.append([append("a", ["a"]), append("b", ["b"])], background);
			let runs = 0;
			const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
			const crossing = async (first: number, names: readonly [string, string]): Promise<void> => {
				await store.transaction(async (tx) => {
					runs++;
					await tx.append(append(names[0], [`${names[0]}${first}`]));
					both[first]?.resolve();
					await both[1 - first]?.promise;
					await tx.append(append(names[1], [`${names[1]}${first}`]));
				}, background);
			};
			await Promise.all([crossing(0, ["a", "b"]), crossing(1, ["b", "a"])]);
			expect(runs).toBe(3);
			expect((await idsOf(store, "a")).toSorted()).toEqual(["a", "a0", "a1"]);
		});

		test.each([
			["waits for something else", () => new Promise(() => {})],
			["has a statement that goes on", undefined],
		])("whose work %s is ended by its context, on the server, too", async (_, wait) => {
			const store = await open();
			await store.append([append("a", ["0"])], background);
			const { ctx, cancel } = background.withCancel();
			const started = Promise.withResolvers<void>();
			const working = store.transaction(async (tx) => {
				await tx.append(append("a", ["1"]));
				started.resolve();
				await (wait?.() ?? tx.sql`SELECT pg_sleep(9)`);
			}, ctx);
			await started.promise;
			cancel();
			await expect(working).rejects.toMatchObject({ code: "canceled" });
			await store.append([append("a", ["2"], 1)], background.withTimeout(8_000));
			expect(await idsOf(store, "a")).toEqual(["0", "2"]);
		});

		test("whose connection is lost is not committed, and what the work does later neither", async () => {
			const store = await open();
			const admin = connection();
			const working = store.transaction(async (tx) => {
				await tx.append(append("a", ["1"]));
				await admin`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'`;
				await tx.append(append("a", ["2"])).catch(() => {});
				await tx.append(append("a", ["3"])).catch(() => {});
			}, background);
			await expect(working).rejects.toMatchObject({ code: "unavailable" });
			expect(await idsOf(store, "a")).toEqual([]);
			await store.transaction((tx) => tx.append(append("a", ["4"])), background);
		});

		test("refuses what comes after its work, and text that PostgreSQL cannot hold", async () => {
			const store = await open();
			const tx = await store.transaction(async (tx) => tx, background);
			await expect(tx.sql`SELECT 1`).rejects.toMatchObject({ code: "failed_precondition" });
			await expect(tx.append(append("a", ["1"]))).rejects.toMatchObject({ code: "failed_precondition" });
			for (const text of ["\0", "\ud800"]) {
				const working = store.transaction((tx) => tx.sql`SELECT ${text}`, background);
				await expect(working).rejects.toMatchObject({ code: "invalid_argument" });
			}
		});

		test("of which there are more at once than connections wait for each other, and no append waits for them", async () => {
			const store = await open(`${url}&connections=2`);
			const { here, reached, end } = pause();
			const first = store.transaction(here, background);
			await reached;
			const second = store.transaction((tx) => tx.append(append("a", ["2"])), background);
			const third = store.transaction((tx) => tx.append(append("a", ["3"])), background.withTimeout(50));
			await expect(third).rejects.toMatchObject({ code: "deadline_exceeded" });
			await store.append([append("a", ["1"])], background);
			end();
			await Promise.all([first, second]);
			expect(await idsOf(store, "a")).toEqual(["1", "2"]);
		});
	});

	describe("an outage", () => {
		test("of the server: what was acknowledged is there, and the store goes on by itself", async () => {
			const store = await open();
			const acknowledged: string[] = [];
			let count = 0;
			const appendOne = async (): Promise<void> => {
				const id = String(count++);
				await store.append([append("a", [id])], background.withTimeout(20_000));
				acknowledged.push(id);
			};
			await Promise.all(Array.from({ length: 50 }, appendOne));
			const caught = Promise.allSettled(Array.from({ length: 50 }, appendOne));
			await server.kill();
			await caught;
			await expect(store.append([append("a", ["away"])], background)).rejects.toMatchObject({
				code: "unavailable",
			});
			await server.server.restart();
			await vi.waitFor(appendOne, patient);
			// Each connection that the outage ended may fail one use.
			const ids = new Set(await vi.waitFor(() => idsOf(store, "a"), patient));
			expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
		});

		test("a reply that is lost: the same append again has the same answer", async () => {
			await using proxy = await faultProxy({ target: `tcp://${server.host}` });
			const store = await open(server.through(url, proxy.url));
			await store.append([append("a", ["0"])], background);
			const stalled = proxy.add({ fault: "stall" });
			const lost = store.append([append("a", ["1"], 1)], background.withTimeout(200));
			await expect(lost).rejects.toMatchObject({ code: "deadline_exceeded" });
			stalled.remove();
			await vi.waitFor(() => store.append([append("a", ["1"], 1)], background.withTimeout(5_000)), patient);
			expect(await idsOf(store, "a")).toEqual(["0", "1"]);
		});
	});
});
