import { Context } from "@allium/core";
import type { ViewStore } from "@allium/core/store";
import { describeServer } from "@allium/testing/servers";
import { viewSuite } from "@allium/testing/view-suite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { viewStore } from "./postgres-view-store.ts";

const ctx = Context.background();
const counts = {
	name: "counts",
	version: 1,
	shape: "",
	tables: "CREATE TABLE counts (name text, count int)",
};

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	viewSuite("postgres", async () => {
		const url = server.newUrl();
		return {
			sql: true,
			target: `tcp://${server.host}`,
			open: () => viewStore(url),
			program: { module: import.meta.resolve("./index.ts"), url },
			close: async () => {},
		};
	});

	/** A view of SQL that this process holds. */
	async function held(url: string): Promise<ViewStore & AsyncDisposable> {
		const store = await viewStore(url);
		return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
	}

	test("tables of an older adapter keep what they have, and tell the app that opens a view next", async () => {
		const url = server.newUrl();
		const owned = { ...counts, owner: "league", topics: ["matches"] };
		await using before = await held(url);
		await before.open(owned, ctx);
		const views = `${new URL(url).searchParams.get("schema")}_views`;
		await server.run(`ALTER TABLE ${views}.builds DROP COLUMN owner, DROP COLUMN topics`);
		await using store = await held(url);
		expect(await store.report(owned, ctx)).toMatchObject({ owner: undefined, topics: [] });
		const opened = await store.open(owned, ctx);
		expect(opened).toMatchObject({ owner: "league", topics: ["matches"], builds: [{ build: 1 }] });
	});

	test("a view that does not name its tables by a schema reaches its own, and none of the log", async () => {
		await using store = await held(server.newUrl());
		const { builds } = await store.open(counts, ctx);
		const build = store.build({ ...counts, build: 1 });
		const lease = (await build.claim("a", builds[0]?.epoch ?? 0, ctx)) ?? expect.unreachable();
		for (const table of ["events", "builds", "log"]) {
			const text = Object.assign([`DELETE FROM ${table}`], { raw: [] });
			const failing = build.apply(lease, ({ sql }) => sql(text).then(() => ({ places: new Map() })), ctx);
			await expect(failing).rejects.toThrow(`relation "${table}" does not exist`);
		}
	});

	test.each([
		"COMMIT",
		" /* now */ rollback",
		"-- now\nEND",
		"SAVEPOINT a",
		"SET search_path TO public",
		"; COMMIT",
	])("SQL that would end the transaction or change its connection is refused: %s", async (statement) => {
		await using store = await held(server.newUrl());
		const { builds } = await store.open(counts, ctx);
		const build = store.build({ ...counts, build: 1 });
		const lease = (await build.claim("a", builds[0]?.epoch ?? 0, ctx)) ?? expect.unreachable();
		const text = Object.assign([statement], { raw: [] });
		const ending = build.apply(lease, ({ sql }) => sql(text).then(() => ({ places: new Map() })), ctx);
		await expect(ending).rejects.toThrow();
		expect(await build.query(ctx)`SELECT current_schema() AS schema`).toEqual([
			{ schema: expect.stringMatching(/_view_counts_1$/) },
		]);
	});

	test("tables that would end their transaction are refused, and nothing is made", async () => {
		await using store = await held(server.newUrl());
		const ending = { ...counts, tables: `${counts.tables}; COMMIT; CREATE TABLE more (one int)` };
		await expect(store.open(ending, ctx)).rejects.toMatchObject({ code: "invalid_argument" });
		expect(await store.versions(ctx)).toEqual([]);
		await store.open(counts, ctx);
	});

	test("a query reads the columns of a version that was dropped and made again", async () => {
		await using store = await held(server.newUrl());
		for (const columns of ["one int", "one int, two text"]) {
			await store.open({ ...counts, tables: `CREATE TABLE counts (${columns})` }, ctx);
			expect(await store.build({ ...counts, build: 1 }).query(ctx)`SELECT * FROM counts`).toEqual([]);
			await store.drop(counts, ctx);
		}
	});

	test("a process that is silent in a transaction loses the build to the next one", async () => {
		const url = server.newUrl();
		await using store = await held(url);
		await using other = await held(url);
		const { builds } = await store.open(counts, ctx);
		const build = store.build({ ...counts, build: 1 });
		const lease = (await build.claim("a", builds[0]?.epoch ?? 0, ctx)) ?? expect.unreachable();
		const silence = Promise.withResolvers<{ places: Map<string, Map<number, string>> }>();
		const began = Promise.withResolvers<void>();
		const silent = build.apply(
			lease,
			() => {
				began.resolve();
				return silence.promise;
			},
			ctx,
		);
		await began.promise;
		const claimed = await other.build({ ...counts, build: 1 }).claim("b", lease.epoch, ctx);
		silence.resolve({ places: new Map([["matches", new Map([[0, "1"]])]]) });
		await expect(silent).rejects.toThrow();
		expect(claimed?.places).toEqual(new Map());
	});
});
