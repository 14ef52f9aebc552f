import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, event } from "@allium/core";
import { MemoryViews, memoryViewStore } from "@allium/core/memory-store";
import { viewStore } from "@allium/sqlite";
import { afterEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { documents, fold } from "./documents.ts";
import { background, record, ViewLab } from "./fixtures/matches.ts";
import { on, projection } from "./projection.ts";
import type { RunningView, View } from "./view.ts";

const old = contract("matches", {
	started: event({ key: "id", data: z.object({ id: z.string(), size: z.int() }) }),
});
const newer = contract("matches", {
	started: event({
		key: "id",
		version: 2,
		data: z.object({ id: z.string(), size: z.int(), komi: z.number() }),
		upcast: { 1: ({ id, size }) => ({ id, size, komi: 0 }) },
	}),
});

const sizes = (matches: typeof old | typeof newer) =>
	documents(
		"sizes",
		{ version: 1, initial: { size: 0 } },
		fold(matches as typeof old, { started: (_, { size }) => ({ size }) }),
	);
const table = (matches: typeof old | typeof newer) =>
	projection(
		"table",
		{ version: 1, tables: "CREATE TABLE sizes (id TEXT, size INT)" },
		on(matches as typeof old, {
			started: ({ id, size }, tx) => tx.sql`INSERT INTO sizes VALUES (${id}, ${size})`,
		}),
	);

const running: RunningView[] = [];
afterEach(async () => {
	for (const each of running.splice(0)) await each.stop();
});

async function run<Reader>(lab: ViewLab, view: View<Reader>): Promise<RunningView> {
	const begun = view["~allium"].run(lab.host());
	running.push(begun);
	await begun.start(background);
	return begun;
}

async function published(lab: ViewLab): Promise<void> {
	await lab.add(record(old.started({ id: "m1", size: 9 })));
	await lab.add(record(newer.started({ id: "m2", size: 13, komi: 6.5 })));
	await lab.add(record(old.started({ id: "m3", size: 19 })));
}

test("a process leaves documents to a newer one at an event that it does not know, and parks nothing", async () => {
	const lab = new ViewLab(memoryViewStore({ views: new MemoryViews() }));
	await run(lab, sizes(old));
	await run(lab, sizes(newer));
	await published(lab);
	const reader = sizes(newer)["~allium"].read(lab.host());
	await vi.waitFor(async () => expect(await reader.get("m2", background)).toEqual({ size: 13 }));
	await vi.waitFor(async () => expect(await reader.get("m3", background)).toEqual({ size: 19 }));
	const report = await lab.store.report({ name: "sizes", version: 1 }, background);
	expect(report?.builds[0]).toMatchObject({ parked: 0, trouble: undefined });
});

test("a process without a newer one parks what it does not know, and a newer one that comes takes it", async () => {
	const lab = new ViewLab(memoryViewStore({ views: new MemoryViews() }));
	const first = await run(lab, sizes(old));
	await published(lab);
	const reader = sizes(newer)["~allium"].read(lab.host());
	await vi.waitFor(async () => expect(await reader.get("m3", background)).toEqual({ size: 19 }));
	const build = lab.store.build({ name: "sizes", version: 1, build: 1 });
	expect((await build.parked({ limit: 9 }, background)).items).toMatchObject([
		{ key: "m2", error: { reason: "unknown_version" } },
	]);
	await first.stop();
	await run(lab, sizes(newer));
	await vi.waitFor(async () => expect(await reader.get("m2", background)).toEqual({ size: 13 }));
	expect((await build.parked({ limit: 9 }, background)).items).toEqual([]);
});

test("a process leaves tables to a newer one at an event that it does not know", async () => {
	const folder = mkdtempSync(join(tmpdir(), "allium-views-"));
	const store = viewStore(`sqlite:${folder}`);
	const lab = new ViewLab(store);
	await run(lab, table(old));
	await run(lab, table(newer));
	await published(lab);
	const reader = table(newer)["~allium"].read(lab.host());
	await vi.waitFor(async () => {
		const rows = await reader.query(background)`SELECT id FROM sizes ORDER BY size`;
		expect(rows.map(({ id }) => id)).toEqual(["m1", "m2", "m3"]);
	});
	for (const each of running.splice(0)) await each.stop();
	await store.close();
	rmSync(folder, { recursive: true });
});
