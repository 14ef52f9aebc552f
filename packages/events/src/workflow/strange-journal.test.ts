import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, event } from "@allium/core";
import { memoryEventStore } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { eventStore } from "@allium/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { later, Runs } from "./fixtures/runs.ts";
import { workflow } from "./workflow.ts";

const Jobs = contract("jobs", { begun: event({ key: "id", data: z.object({ id: z.string() }) }) });

const job = workflow("job", Jobs.begun, async (_, run) => {
	await run.step("prepare", () => {});
	await run.sleep("pause", 1_000);
	await run.step("finish", () => {});
});

let folder: string;
let opened: EventStore[];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-strange-journal-"));
	opened = [];
});
afterEach(async () => {
	for (const store of opened) await store.close();
	rmSync(folder, { recursive: true });
});

async function inSqlite(): Promise<EventStore> {
	const store = await eventStore(`sqlite:${folder}`);
	opened.push(store);
	return store;
}

/** Begins a run, and lets a stranger append something to its journal. */
async function withStrange(store: EventStore, change: { readonly type?: string; readonly data?: unknown }) {
	const runs = new Runs(job, { store });
	for (const key of ["j1", "j2"]) {
		await runs.start(Jobs.begun({ id: key }), key);
		await runs.advance(key);
	}
	const { facts, version } = await runs.journal("j1");
	const before = (await store.read(facts.stream, { backwards: true, limit: 1 }, runs.ctx)).events[0]?.event;
	const strange = { ...(before ?? expect.unreachable()), id: "strange", ...change };
	const part = { stream: facts.stream, topic: "workflow.job", expected: version, events: [strange] };
	await store.append([part], runs.ctx);
	return runs;
}

describe.each<[place: string, open: () => EventStore | Promise<EventStore>]>([
	["memory", () => memoryEventStore()],
	["SQLite", inSqlite],
])("a journal in %s with an entry that this process cannot read", (_, open) => {
	test.each([
		["of a kind that only a newer version knows", { type: "workflow.job.delegated" }],
		["without its data", { data: "nonsense" }],
	])(
		"%s is refused by a sentence that names the entry, writes nothing, and other runs go on",
		async (_, change) => {
			const runs = await withStrange(await open(), change);
			const { stream } = await runs.executor.journalOf("j1");
			await expect(runs.advance("j1", later)).rejects.toMatchObject({
				code: "failed_precondition",
				reason: "unknown_entry",
				message: expect.stringMatching(
					/^the event workflow\.job\.\w+ with the id strange is no entry of a journal .*; update this service, or see who wrote it$/,
				),
			});
			expect(
				(await runs.store.read(stream, { backwards: true, limit: 1 }, runs.ctx)).events[0]?.event.id,
			).toBe("strange");
			expect(await runs.advance("j2", later)).toMatchObject({ status: "ended" });
		},
	);
});
