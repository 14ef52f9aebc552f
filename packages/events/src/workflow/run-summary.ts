import type { Context } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { type Entry, entryOf } from "./journal-entry.ts";
import { journalPages, lastRestart } from "./journal-pages.ts";
import { isBeginning, type RunState, RunStateFold } from "./journal-state.ts";

/** How a run is, without its journal. */
export interface RunSummary {
	/** Undefined for a stream without entries. */
	readonly key: string | undefined;
	readonly state: RunState;
	/** The version of the code that it began with. */
	readonly version: number;
	/** When it began, in ISO 8601; undefined before. */
	readonly begun: string | undefined;
	/** When its last entry was written. */
	readonly changed: string | undefined;
}

/**
 * Tells how the run is whose journal is a stream. It keeps no more than a page of the journal in memory, and of a run
 * that is over it reads only where it began and how it ended.
 *
 * Rejects with a TypeError for a journal that this version cannot read.
 */
export async function runSummary(store: EventStore, stream: string, ctx: Context): Promise<RunSummary> {
	const { events } = await store.read(stream, { backwards: true, limit: 1 }, ctx);
	const [last] = events.map(({ event }) => entryOf(event));
	const fold = new RunStateFold();
	let beginning: Entry | undefined;
	const isOver = last?.fact.is === "ended";
	const restart = await lastRestart(store, stream, ctx);
	for await (const { entries } of journalPages(store, stream, Math.max(0, restart - 1), ctx)) {
		for (const entry of entries) {
			// Entries before a restart no longer count.
			if (entry.fact.is === "restarted") fold.restart();
			fold.add(entry.fact);
			if (isBeginning(entry.fact)) beginning = entry;
		}
		if (isOver && beginning !== undefined) break;
	}
	if (isOver) fold.add(last.fact);
	return {
		key: last?.record.key,
		state: fold.state,
		version: beginning?.record.version ?? 1,
		begun: beginning?.record.time,
		changed: last?.record.time,
	};
}
