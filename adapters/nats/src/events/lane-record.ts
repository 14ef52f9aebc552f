import type { Cursor, LaneChange, Trying } from "@allium/core/event";
import type { SaveMark } from "./group-keys.ts";
import type { Entry } from "./group-storage.ts";

/** The stored record of a lane. */
export interface LaneRecord {
	readonly holder?: string | undefined;
	readonly epoch: number;
	readonly cursor: Cursor;
	readonly ahead: readonly Cursor[];
	readonly crashes: number;
	readonly trying?: Trying | undefined;
	readonly edits: number;
	/** The epoch at which the lane was put at another place. Its delayed events from before do not count. */
	readonly generation: number;
	/** How often it was saved under this epoch. */
	readonly save: number;
	/**
	 * How often it had been saved under earlier epochs: the last ones, and epochs of which deferred events are left. Later
	 * writes of these epochs never came into force.
	 */
	readonly past: Readonly<Record<string, number>>;
	/** Keys that count no more, and may not have been removed yet. */
	readonly dropped: readonly string[];
}

/** A lane at a place, held by nobody, without anything deferred or delayed. */
export function newLane(cursor: Cursor, epoch: number, edits = 0): LaneRecord {
	const nothing = { ahead: [], crashes: 0, save: 0, past: {}, dropped: [] };
	return { epoch, cursor, edits, generation: epoch, ...nothing };
}

/** Reads the stored record of a lane. */
export function laneRecord({ text }: Entry): LaneRecord {
	return JSON.parse(text);
}

/** Whether a deferred event came into force: it was written before a save that succeeded. */
export function isInForce({ epoch, save, past }: LaneRecord, mark: SaveMark): boolean {
	return mark.save <= (mark.epoch === epoch ? save : (past[mark.epoch] ?? 0));
}

/**
 * The same of a delayed event. There may be too many to remember all their epochs, so that it counts when its epoch is
 * forgotten: at worst, an event is handled once more.
 */
export function mayBeInForce(lane: LaneRecord, mark: SaveMark): boolean {
	const isForgotten = mark.epoch !== lane.epoch && lane.past[mark.epoch] === undefined;
	return isForgotten || isInForce(lane, mark);
}

/** A lane after a change. Deferred and delayed events have their own keys. */
export function changed(record: LaneRecord, change: LaneChange): LaneRecord {
	const { cursor, ahead, crashes, trying } = change;
	return {
		...record,
		cursor: cursor ?? record.cursor,
		ahead: ahead ?? record.ahead,
		crashes: crashes ?? record.crashes,
		trying: trying === "none" ? undefined : (trying ?? record.trying),
		save: record.save + 1,
	};
}
