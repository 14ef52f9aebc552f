import type { Deferred } from "@allium/core/event";
import { isLater, markOf, type SaveMark } from "./group-keys.ts";
import type { Entry } from "./group-storage.ts";
import { isInForce, type LaneRecord } from "./lane-record.ts";

/** A deferred event as it is stored. */
export interface StoredDeferred extends SaveMark {
	readonly entry: Entry;
	readonly deferred: Deferred;
}

/** The deferred events of a lane. */
export interface DeferredVersions {
	/** The versions that count, by id. */
	readonly current: ReadonlyMap<string, StoredDeferred>;
	/** The keys of others: they were replaced or handled, or never came into force. */
	readonly rest: readonly string[];
}

/** Finds out which of the entries of a lane count. */
export function deferredVersions(entries: readonly Entry[], lane: LaneRecord): DeferredVersions {
	const current = new Map<string, StoredDeferred>();
	const rest: string[] = [];
	const dropped = new Set(lane.dropped);
	for (const entry of entries) {
		const mark = markOf(entry.key);
		if (dropped.has(entry.key) || !isInForce(lane, mark)) {
			rest.push(entry.key);
			continue;
		}
		const deferred: Deferred = JSON.parse(entry.text);
		const known = current.get(deferred.id);
		const isOlder = known !== undefined && isLater(known, mark);
		if (isOlder) rest.push(entry.key);
		else current.set(deferred.id, { ...mark, entry, deferred });
		// An operator may have written the same version again while it was listed.
		if (!isOlder && known !== undefined && known.entry.key !== entry.key) rest.push(known.entry.key);
	}
	return { current, rest };
}
