import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cursorAt } from "@allium/core/event";
import { MemoryViews, memoryViewStore } from "@allium/core/memory-store";
import type { Sql, ViewBuild, ViewBuildId, ViewStore } from "@allium/core/store";
import { viewStore } from "@allium/sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { documents, fold } from "./documents.ts";
import { background, Matches, record, ViewLab } from "./fixtures/matches.ts";
import { on, projection } from "./projection.ts";
import type { RunningView, View } from "./view.ts";

interface Player {
	readonly match: string;
	readonly size: number;
	readonly winner: string | null;
}
const initial: Player = { match: "", size: 0, winner: null };

const board = documents(
	"board",
	{ version: 1, initial, index: ["winner", "size"] },
	fold(Matches, {
		started: (_, { id, size }) => ({ match: id, size, winner: null }),
		ended(document, { winner }) {
			if (winner === "nobody") throw new RangeError("somebody wins");
			if (winner === "void") return null;
			return { ...document, winner };
		},
	}),
);

const standings = projection(
	"standings",
	{ version: 1, tables: "CREATE TABLE standings (player TEXT PRIMARY KEY, wins INTEGER NOT NULL)" },
	on(Matches, {
		ended: ({ winner }, tx) => tx.sql`INSERT INTO standings VALUES (${winner}, 1)
			ON CONFLICT (player) DO UPDATE SET wins = standings.wins + 1`,
	}),
);

const folders: string[] = [];
const stores: ViewStore[] = [];
const running: RunningView[] = [];

function folder(): string {
	const made = mkdtempSync(join(tmpdir(), "allium-views-"));
	folders.push(made);
	return made;
}

afterEach(async () => {
	for (const each of running.splice(0)) await each.stop();
	for (const store of stores.splice(0)) await store.close();
	for (const each of folders.splice(0)) rmSync(each, { recursive: true });
});

/** A store that runs the statements of a transaction late, as PostgreSQL does: when they are asked for, and at its end. */
function lateStatements(store: ViewStore): ViewStore {
	const apply =
		(build: ViewBuild): ViewBuild["apply"] =>
		(lease, work, ctx) =>
			build.apply(
				lease,
				async (tx) => {
					const late: (() => Promise<unknown>)[] = [];
					const settled = async (): Promise<void> => {
						for (const run of late.splice(0)) await run();
					};
					const sql: Sql = async (text, ...values) => {
						late.push(() => tx.sql(text, ...values));
						return [];
					};
					const change = await work({ sql, settled });
					await settled();
					return change;
				},
				ctx,
			);
	return replaced(store, "build", (id: ViewBuildId) => {
		const build = store.build(id);
		return replaced(build, "apply", apply(build));
	});
}

/** An object with another method in place of one of its own. */
function replaced<T extends object, K extends keyof T>(whole: T, name: K, method: T[K]): T {
	return new Proxy(whole, {
		get(target, key) {
			const value: unknown = key === name ? method : Reflect.get(target, key, target);
			return typeof value === "function" ? value.bind(target) : value;
		},
	});
}

async function run<Reader>(lab: ViewLab, view: View<Reader>, store?: ViewStore): Promise<RunningView> {
	const begun = view["~allium"].run(lab.host(store));
	running.push(begun);
	await begun.start(background);
	return begun;
}

function read<Reader>(lab: ViewLab, view: View<Reader>): Reader {
	return view["~allium"].read(lab.host());
}

const kinds: Record<string, () => () => ViewStore> = {
	memory: () => {
		const views = new MemoryViews();
		return () => memoryViewStore({ views });
	},
	sqlite: () => {
		const path = folder();
		return () => viewStore(`sqlite:${path}`);
	},
};

describe.each(Object.keys(kinds))("documents in %s", (kind) => {
	let open: () => ViewStore;
	let lab: ViewLab;
	beforeEach(() => {
		const make = kinds[kind]?.() ?? expect.unreachable();
		open = () => {
			const store = make();
			stores.push(store);
			return store;
		};
		lab = new ViewLab(open());
	});

	test("are folded by key, and follow what is published", async () => {
		await lab.publish(Matches.started({ id: "m1", size: 19 }), Matches.started({ id: "m2", size: 9 }));
		await run(lab, board);
		const reader = read(lab, board);
		expect(await reader.get("m1", background)).toEqual({ match: "m1", size: 19, winner: null });
		await lab.publish(Matches.ended({ id: "m1", winner: "ann" }));
		await vi.waitFor(async () => expect((await reader.get("m1", background))?.winner).toBe("ann"));
		expect(await reader.get("m3", background)).toBeUndefined();
	});

	test("get events of older versions as the contract upcasts them", async () => {
		const old = record(Matches.ended({ id: "m1", winner: "" }), {
			version: 1,
			data: { id: "m1", won_by: "bob" },
		});
		await lab.add(old);
		await run(lab, board);
		expect((await read(lab, board).get("m1", background))?.winner).toBe("bob");
	});

	test("are found by indexed fields, in pages", async () => {
		for (const id of ["a", "b", "c", "d"]) {
			await lab.publish(Matches.started({ id, size: 19 }));
			await lab.publish(Matches.ended({ id, winner: id === "c" ? "eve" : "ann" }));
		}
		await run(lab, board);
		const reader = read(lab, board);
		const first = await reader.find({ where: { winner: "ann", size: 19 }, limit: 2 }, background);
		expect(first.items.map(({ key }) => key)).toEqual(["a", "b"]);
		const second = await reader.find({ where: { winner: "ann" }, after: first.next, limit: 2 }, background);
		expect(second).toEqual({ items: [{ key: "d", document: { match: "d", size: 19, winner: "ann" } }] });
		expect((await reader.find({}, background)).items).toHaveLength(4);
	});

	test("that are no longer there are found no longer", async () => {
		await lab.publish(Matches.started({ id: "m1", size: 19 }), Matches.ended({ id: "m1", winner: "void" }));
		await run(lab, board);
		const reader = read(lab, board);
		expect(await reader.get("m1", background)).toBeUndefined();
		expect((await reader.find({ where: { size: 19 } }, background)).items).toEqual([]);
	});

	test("that do not take an event are parked, the others go on, and a retry takes what came since", async () => {
		await lab.publish(
			Matches.started({ id: "bad", size: 19 }),
			Matches.ended({ id: "bad", winner: "nobody" }),
			Matches.started({ id: "bad", size: 13 }),
			Matches.started({ id: "good", size: 9 }),
		);
		const view = await run(lab, board);
		const reader = read(lab, board);
		expect(await reader.get("bad", background)).toMatchObject({ size: 19 });
		expect(await reader.get("good", background)).toMatchObject({ size: 9 });
		expect(await view.status(background)).toMatchObject({ parked: 1, lag: 0 });
		const build = lab.store.build({ name: "board", version: 1, build: 1 });
		const [parked] = (await build.parked({ limit: 10 }, background)).items;
		expect(parked).toMatchObject({
			key: "bad",
			error: { message: expect.stringContaining("somebody wins") },
		});
		await view.stop();
		const repaired = documents(
			"board",
			{ version: 1, initial, index: ["winner", "size"] },
			fold(Matches, {
				started: (document, { id, size }) => ({ ...document, match: id, size }),
				ended: (document, { winner }) => ({ ...document, winner }),
			}),
		);
		await run(lab, repaired);
		await build.retry(["bad"], background);
		await vi.waitFor(async () =>
			expect(await reader.get("bad", background)).toEqual({ match: "bad", size: 13, winner: "nobody" }),
		);
		expect((await build.parked({ limit: 10 }, background)).items).toEqual([]);
	});

	test("are reached when the view has an event, and a parked one is an error", async () => {
		await run(lab, board);
		const topic = await lab.topic();
		const reader = read(lab, board);
		const [started] = await topic.append([record(Matches.started({ id: "m1", size: 19 }))], background);
		await reader.reached({ topic: "matches", ...(started ?? expect.unreachable()) }, background);
		expect(await reader.get("m1", background)).toMatchObject({ size: 19 });
		const [bad] = await topic.append([record(Matches.ended({ id: "m1", winner: "nobody" }))], background);
		const position = { topic: "matches", key: "m1", ...(bad ?? expect.unreachable()) };
		await expect(reader.reached(position, background)).rejects.toMatchObject({ reason: "parked" });
		await expect(reader.reached({ ...position, log: "elsewhere" }, background)).rejects.toMatchObject({
			reason: "other_log",
		});
		// No read waits for a position that a stranger made up.
		const made = { topic: "matches", lane: 0, id: "x" };
		for (const never of [
			{ ...made, cursor: "zzz" },
			{ ...made, cursor: cursorAt(1_000, "x") },
			{ ...position, lane: 1_000 },
		]) {
			await expect(reader.reached(never, background)).rejects.toMatchObject({
				code: "failed_precondition",
				reason: "no_such_position",
			});
		}
		await expect(reader.reached(made, background)).rejects.toMatchObject({ code: "not_found" });
	});

	test("that nobody builds are told, when the reader's time is over", async () => {
		const reading = read(lab, board).get("m1", background.withTimeout(50));
		await expect(reading).rejects.toMatchObject({ code: "unavailable", reason: "view_not_built" });
	});

	test("are taken over from a process that has gone silent, and its late changes are refused", async () => {
		await run(lab, board);
		await vi.waitFor(async () => {
			const report = await lab.store.report(board, background);
			expect(report?.builds[0]?.holder).toBeDefined();
		});
		const report = await lab.store.report(board, background);
		const build = lab.store.build({ name: "board", version: 1, build: 1 });
		const thief = await build.claim("other", report?.builds[0]?.epoch ?? 0, background);
		expect(thief).toBeDefined();
		await lab.publish(Matches.started({ id: "m1", size: 19 }));
		await vi.waitFor(async () => expect(await read(lab, board).get("m1", background)).toBeDefined(), {
			timeout: 5_000,
		});
		await expect(build.renew(thief ?? expect.unreachable(), undefined, background)).rejects.toMatchObject({
			reason: "lease_lost",
		});
	});

	test("are built again beside the live ones under writes, and no read goes back in time", async () => {
		await run(lab, board);
		const reader = read(lab, board);
		let [size, seen] = [0, 0];
		const write = (): Promise<void> =>
			lab.publish(...Array.from({ length: 20 }, () => Matches.started({ id: "m1", size: ++size })));
		await write();
		await reader.get("m1", background);
		await lab.store.rebuild(board, background);
		await vi.waitFor(
			async () => {
				await write();
				const now = (await reader.get("m1", background))?.size ?? 0;
				expect(now).toBeGreaterThanOrEqual(seen);
				seen = now;
				expect((await lab.store.report(board, background))?.live).toBe(2);
			},
			{ timeout: 10_000, interval: 5 },
		);
		await vi.waitFor(async () => {
			const now = (await reader.get("m1", background))?.size ?? 0;
			expect(now).toBeGreaterThanOrEqual(seen);
			seen = now;
			expect(now).toBe(size);
		});
		await lab.store.switch({ ...board, build: 1 }, background);
		await lab.publish(Matches.started({ id: "m1", size: size + 1 }));
		await vi.waitFor(async () => expect((await reader.get("m1", background))?.size).toBe(size + 1), {
			timeout: 10_000,
		});
	});
});

describe("a projection in sqlite", () => {
	let lab: ViewLab;
	beforeEach(() => {
		const store = viewStore(`sqlite:${folder()}`);
		stores.push(store);
		lab = new ViewLab(store);
	});

	test("counts each event once, and is queried in SQL that changes nothing", async () => {
		for (const winner of ["ann", "bob", "ann"]) await lab.publish(Matches.ended({ id: winner, winner }));
		await run(lab, standings);
		const reader = read(lab, standings);
		const rows = await reader.query(background)<{
			player: string;
			wins: number;
		}>`SELECT * FROM standings ORDER BY player`;
		expect(rows.map((row) => ({ ...row }))).toEqual([
			{ player: "ann", wins: 2 },
			{ player: "bob", wins: 1 },
		]);
		await expect(reader.query(background)`DELETE FROM standings`).rejects.toThrow("changes nothing");
		await expect(reader.query(background)`SELECT * FROM nowhere`).rejects.toMatchObject({
			reason: "sql_failed",
		});
		await expect(reader.query(background)`PRAGMA query_only = OFF`).rejects.toMatchObject({
			code: "failed_precondition",
		});
	});

	test("stops at an event that its SQL does not take, says so, and keeps what came before", async () => {
		const strict = projection(
			"strict",
			{ version: 1, tables: "CREATE TABLE matches (id TEXT PRIMARY KEY, size INT CHECK (size < 20))" },
			on(Matches, { started: ({ id, size }, tx) => tx.sql`INSERT INTO matches VALUES (${id}, ${size})` }),
		);
		await lab.publish(
			Matches.started({ id: "m1", size: 19 }),
			Matches.started({ id: "m2", size: 20 }),
			Matches.started({ id: "m3", size: 9 }),
		);
		const view = await run(lab, strict);
		await vi.waitFor(async () => {
			const { trouble, lag } = await view.status(background);
			expect(trouble).toMatch(/matches\.started with the id .* fails: .*CHECK constraint/);
			expect(lag).toBe(2);
		});
		const reading = read(lab, strict).query(background.withTimeout(50))`SELECT 1`;
		await expect(reading).rejects.toMatchObject({ reason: "view_not_built" });
	});

	test("whose statements run behind its handlers names the event that is to blame, and keeps what came before", async () => {
		const unique = projection(
			"unique",
			{ version: 1, tables: "CREATE TABLE sizes (size INT UNIQUE)" },
			on(Matches, { started: ({ size }, tx) => tx.sql`INSERT INTO sizes VALUES (${size})` }),
		);
		const sizes = [3, 1, 4, 1, 5, 9];
		const events = sizes.map((size) => record(Matches.started({ id: "m1", size })));
		await lab.add(...events);
		const view = await run(lab, unique, lateStatements(lab.store));
		await vi.waitFor(async () => {
			expect((await view.status(background)).trouble).toContain(
				`the event matches.started with the id ${events[3]?.id} fails: `,
			);
		});
		const rows = await lab.store
			.build({ name: "unique", version: 1, build: 1 })
			.query(background)`SELECT size FROM sizes`;
		expect(rows.map(({ size }) => size)).toEqual([3, 1, 4]);
	});

	test("whose SQL fails in the middle of an event keeps nothing of that event, and its corrected version has all", async () => {
		const tables = "CREATE TABLE players (match TEXT); CREATE TABLE sizes (size INT UNIQUE)";
		const counted = (version: number, isCorrect: boolean) =>
			projection(
				"counted",
				{ version, tables },
				on(Matches, {
					async started({ id, size }, tx) {
						await tx.sql`INSERT INTO players VALUES (${id})`;
						await tx.sql`INSERT INTO sizes VALUES (${isCorrect ? `${id} ${size}` : size})`;
					},
				}),
			);
		await lab.publish(
			Matches.started({ id: "m1", size: 19 }),
			Matches.started({ id: "m2", size: 19 }),
			Matches.started({ id: "m3", size: 9 }),
		);
		const view = await run(lab, counted(1, false));
		await vi.waitFor(async () => {
			expect((await view.status(background)).trouble).toMatch(
				/matches\.started with the id .* fails: .*UNIQUE constraint.*; correct its handler and give the view another version$/,
			);
		});
		const rows = await lab.store
			.build({ name: "counted", version: 1, build: 1 })
			.query(background)`SELECT * FROM players`;
		expect(rows.map((row) => ({ ...row }))).toEqual([{ match: "m1" }]);
		const corrected = counted(2, true);
		await run(lab, corrected);
		await vi.waitFor(async () => {
			const all = await read(lab, corrected).query(background)`SELECT match FROM players ORDER BY match`;
			expect(all.map(({ match }) => match)).toEqual(["m1", "m2", "m3"]);
		});
	});

	test("whose handler awaits something else than its transaction is told", async () => {
		const slow = projection(
			"slow",
			{ version: 1, tables: "CREATE TABLE t (id TEXT)" },
			on(Matches, {
				async started({ id }, tx) {
					await new Promise(setImmediate);
					await tx.sql`INSERT INTO t VALUES (${id})`;
				},
			}),
		);
		await lab.publish(Matches.started({ id: "m1", size: 19 }));
		const view = await run(lab, slow);
		await vi.waitFor(async () =>
			expect((await view.status(background)).trouble).toMatch(/awaits something else than its transaction/),
		);
	});

	test("of another version is built beside the first, which stays as it is", async () => {
		await lab.publish(Matches.ended({ id: "m1", winner: "ann" }));
		const first = await run(lab, standings);
		const reader = read(lab, standings);
		expect(await reader.query(background)`SELECT * FROM standings`).toHaveLength(1);
		const second = projection(
			"standings",
			{ version: 2, tables: "CREATE TABLE winners (player TEXT PRIMARY KEY)" },
			on(Matches, { ended: ({ winner }, tx) => tx.sql`INSERT OR IGNORE INTO winners VALUES (${winner})` }),
		);
		await run(lab, second);
		await first.stop();
		expect(await read(lab, second).query(background)`SELECT * FROM winners`).toHaveLength(1);
		await lab.publish(Matches.ended({ id: "m2", winner: "bob" }));
		await vi.waitFor(async () =>
			expect(await read(lab, second).query(background)`SELECT * FROM winners`).toHaveLength(2),
		);
		expect(await reader.query(background)`SELECT * FROM standings`).toHaveLength(1);
		// Rolled back: it goes on where it was.
		await run(lab, standings);
		await vi.waitFor(async () =>
			expect(await reader.query(background)`SELECT * FROM standings`).toHaveLength(2),
		);
	});

	test("of the same version with other tables or events is refused", async () => {
		await run(lab, standings);
		const other = projection(
			"standings",
			{ version: 1, tables: "CREATE TABLE other (player TEXT)" },
			on(Matches, { ended: () => {} }),
		);
		await expect(run(lab, other)).rejects.toMatchObject({ reason: "other_definition" });
	});

	test("whose tables SQLite refuses does not start", async () => {
		const wrong = projection(
			"wrong",
			{ version: 1, tables: "CREATE TABEL t (id TEXT)" },
			on(Matches, { ended: () => {} }),
		);
		await expect(run(lab, wrong)).rejects.toMatchObject({ message: expect.stringContaining("TABEL") });
	});
});

test("a projection needs SQL, and a store in memory says what to do", async () => {
	const store = memoryViewStore();
	stores.push(store);
	await expect(run(new ViewLab(store), standings)).rejects.toMatchObject({
		reason: "not_offered",
		message: expect.stringContaining("ALLIUM_VIEWS"),
	});
});
