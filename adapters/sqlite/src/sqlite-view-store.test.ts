import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Context } from "@allium/core";
import { viewSuite } from "@allium/testing/view-suite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { viewStore } from "./sqlite-view-store.ts";

const ctx = Context.background();

viewSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-views-"));
	return {
		sql: true,
		open: async () => viewStore(`sqlite:${folder}`),
		program: { module: import.meta.resolve("./index.ts"), url: `sqlite:${folder}` },
		close: () => rm(folder, { recursive: true }),
	};
});

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-views-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("each build is a file of its own, whose name tells the view, its version and the build", async () => {
	const store = viewStore(`sqlite:${folder}`);
	const id = { name: "board", version: 3 };
	const { builds } = await store.open({ ...id, shape: "" }, ctx);
	const build = store.build({ ...id, build: 1 });
	const lease = await build.claim("a", builds[0]?.epoch ?? 0, ctx);
	await build.finish(lease ?? expect.unreachable(), ctx);
	await store.rebuild(id, ctx);
	await store.close();
	const files = readdirSync(join(folder, "views")).filter((file) => file.endsWith(".db"));
	expect(files.sort()).toEqual(["board.3.2.db", "board.3.db"]);
});

test("a file of another program is refused in a sentence, and another folder is the way out", async () => {
	mkdirSync(join(folder, "views"));
	const diary = new DatabaseSync(join(folder, "views", "board.1.db"));
	diary.exec("CREATE TABLE diary (entry TEXT)");
	diary.close();
	const definition = { name: "board", version: 1, shape: "" };
	const store = viewStore(`sqlite:${folder}`);
	await expect(store.open(definition, ctx)).rejects.toMatchObject({
		code: "failed_precondition",
		message: expect.stringMatching(/board\.1\.db" is the database of another program; name another folder$/),
	});
	await store.close();
	const elsewhere = viewStore(`sqlite:${join(folder, "other")}`);
	await elsewhere.open(definition, ctx);
	await elsewhere.close();
});

test("a file of the first version keeps what it has, and belongs to the app that opens it next", async () => {
	const definition = { name: "board", version: 1, shape: "", owner: "league", topics: ["matches"] };
	const before = viewStore(`sqlite:${folder}`);
	const { builds } = await before.open(definition, ctx);
	const build = before.build({ ...definition, build: 1 });
	const lease = (await build.claim("a", builds[0]?.epoch ?? 0, ctx)) ?? expect.unreachable();
	const documents = new Map([["k", { key: "k", text: "1", fields: {} }]]);
	await build.apply(lease, async () => ({ places: new Map(), documents }), ctx);
	await before.close();
	const file = new DatabaseSync(join(folder, "views", "board.1.db"));
	file.exec("ALTER TABLE allium_build DROP COLUMN owner; ALTER TABLE allium_build DROP COLUMN topics");
	file.exec("PRAGMA user_version = 1");
	file.close();
	const store = viewStore(`sqlite:${folder}`);
	expect(await store.report(definition, ctx)).toMatchObject({ owner: undefined, topics: [] });
	expect(await store.open(definition, ctx)).toMatchObject({ owner: "league", topics: ["matches"] });
	expect(await store.build({ ...definition, build: 1 }).get(["k"], ctx)).toEqual(new Map([["k", "1"]]));
	await store.close();
});

test("a file that somebody deletes is a version that is not there, and is made again", async () => {
	const store = viewStore(`sqlite:${folder}`);
	const definition = { name: "board", version: 1, shape: "" };
	await store.open(definition, ctx);
	for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, "views", `board.1.db${end}`), { force: true });
	expect(await store.report(definition, ctx)).toBeUndefined();
	await store.open(definition, ctx);
	expect(existsSync(join(folder, "views", "board.1.db"))).toBe(true);
	await store.close();
});
