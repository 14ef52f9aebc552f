import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Context } from "@allium/core";
import { onceStoreSuite } from "@allium/testing/once-store-suite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { onceStore } from "./sqlite-once-store.ts";

onceStoreSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-once-"));
	return { open: async () => onceStore(`sqlite:${folder}`), close: () => rm(folder, { recursive: true }) };
});

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-once-"));
});
afterEach(() => rm(folder, { recursive: true }));

const background = Context.background();
const attempt = { id: "attempt", input: "hash" };

test("what was kept is there when the file is opened again", async () => {
	const before = onceStore(`sqlite:${folder}`);
	await before.begin("call", attempt, 1_000, background);
	await before.end("call", attempt, "paid", Number.POSITIVE_INFINITY, background);
	await before.close();
	const after = onceStore(`sqlite:${folder}`);
	expect(await after.begin("call", attempt, 1_000, background)).toEqual({ input: "hash", outcome: "paid" });
	await after.close();
});

test("calls whose time is over do not pile up", async () => {
	const store = onceStore(`sqlite:${folder}`);
	for (let index = 0; index < 100; index++) {
		await store.begin(`call-${index}`, attempt, 0, background);
	}
	await store.close();
	const database = new DatabaseSync(join(folder, "once.db"));
	expect(database.prepare("SELECT count(*) AS calls FROM calls").get()?.calls).toBeLessThan(5);
	database.close();
});
