import type { AnyContract, Context } from "@allium/core";
import type { EventStore, StreamPage } from "@allium/core/store";
import type { AnyDecider, Decider } from "./decider.ts";
import { evolvedByStored } from "./evolved.ts";
import { type Folded, keptState } from "./snapshots.ts";
import { streamOf } from "./stream-of.ts";

/** The state of a stream. */
export interface Loaded<S> {
	readonly state: S;
	/** The version of the stream: how many events it has. */
	readonly version: number;
}

/**
 * Loads the state of a stream: folds its events, from a snapshot on where there is one.
 *
 * Rejects with `failed_precondition` for a stream with events that this process cannot read, `invalid_argument` for an
 * id that no stream can have, and `unavailable` while the store does not answer.
 *
 * @param at the version of the stream to look at. Default: the newest.
 * @example
 * const { state } = await load(app.events, ledger, "a1", ctx);
 */
export async function load<C extends AnyContract, S, M extends string>(
	store: EventStore,
	decider: Decider<C, S, M>,
	id: string,
	ctx: Context,
	{ at }: { readonly at?: number } = {},
): Promise<Loaded<S>> {
	const loaded = await folded(store, decider, streamOf(decider, id), ctx, at);
	return loaded as Loaded<S>;
}

/** {@link load} by the name of the stream. */
export async function folded(
	store: EventStore,
	decider: AnyDecider,
	stream: string,
	ctx: Context,
	at: number = Number.POSITIVE_INFINITY,
): Promise<Folded> {
	const kept = await keptState(store, decider, stream, ctx);
	const start = { state: decider.initial, version: 0 };
	if (kept === undefined || kept.version > at) return foldedFrom(start, store, decider, stream, ctx, at);
	const page = await store.read(stream, { after: kept.version }, ctx);
	// The store was restored from a backup that is older than the snapshot.
	if (kept.version > page.version) return foldedFrom(start, store, decider, stream, ctx, at);
	return foldedFrom(kept, store, decider, stream, ctx, at, page);
}

/** Folds the events after a version of a stream. */
export async function foldedFrom(
	from: Folded,
	store: EventStore,
	decider: AnyDecider,
	stream: string,
	ctx: Context,
	at: number = Number.POSITIVE_INFINITY,
	first?: StreamPage,
): Promise<Folded> {
	let { state, version } = from;
	let page = first ?? (await store.read(stream, { after: version }, ctx));
	for (;;) {
		for (const stored of page.events) {
			if (stored.version > at) return { state, version };
			state = await evolvedByStored(decider, state, stream, stored);
			version = stored.version;
		}
		if (!page.more || page.events.length === 0) return { state, version };
		page = await store.read(stream, { after: version }, ctx);
	}
}
