import type { Context } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { type Entry, entryOf } from "./journal-entry.ts";

/** Which cache of the store knows where the last restart of a run is. */
export const restartReader = "workflow";

/** Some entries of a journal, in order, and the version of the stream behind them. */
export interface JournalPage {
	readonly entries: readonly Entry[];
	readonly version: number;
}

/** Reads the journal in a stream page by page, behind a version. Rejects as `entryOf` throws. */
export async function* journalPages(
	store: EventStore,
	stream: string,
	behind: number,
	ctx: Context,
): AsyncGenerator<JournalPage, void> {
	let version = behind;
	for (let more = true; more; ) {
		const page = await store.read(stream, { after: version }, ctx);
		const entries = page.events.map(({ event }) => entryOf(event));
		version = page.events.at(-1)?.version ?? version;
		more = page.more && entries.length > 0;
		yield { entries, version };
	}
}

/** The version of the last restart that is noted; 0 without one. A journal is read from there on. */
export async function lastRestart(store: EventStore, stream: string, ctx: Context): Promise<number> {
	return (await store.snapshot(stream, restartReader, ctx))?.version ?? 0;
}
