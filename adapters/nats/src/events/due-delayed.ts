import type { Context } from "@allium/core";
import type { Cursor, Delayed } from "@allium/core/event";
import { type GroupKeys, isLater, markOf, slotMs } from "./group-keys.ts";
import type { GroupStorage } from "./group-storage.ts";
import { type LaneRecord, mayBeInForce } from "./lane-record.ts";

/** So many delayed events are read at once. A slot that has more is read by its parts. */
const mostOfSlot = 1_000;
const smallest = slotMs.length - 1;

/** The lane whose delayed events are looked for. */
export interface DelayedLane {
	readonly storage: GroupStorage;
	readonly keys: GroupKeys;
	readonly lane: number;
	readonly record: LaneRecord;
}

/** A delayed event, and its key. */
export interface StoredDelayed {
	readonly key: string;
	readonly delayed: Delayed;
}

/** The delayed events that were found. */
export interface DueDelayed {
	/** The earliest first. */
	readonly due: readonly StoredDelayed[];
	/** The hours in which there is nothing any more. */
	readonly emptyHours: readonly number[];
	/** The keys of what earlier holders wrote and never came into force. */
	readonly rest: readonly string[];
}

/**
 * Looks for the delayed events of a lane that are due before a time. Their keys name the hour, the minute and the
 * second, so that only the next ones are read.
 *
 * @param hours the hours in which there may be any, the earliest first.
 */
export async function dueDelayed(
	from: DelayedLane,
	hours: readonly number[],
	{ before, limit }: { readonly before: number; readonly limit: number },
	ctx: Context,
): Promise<DueDelayed> {
	const search = new DueSearch(from, before, limit, ctx);
	const [hourMs] = slotMs;
	const emptyHours: number[] = [];
	for (const hour of hours) {
		if (hour * hourMs >= before || search.isDone) break;
		if (await search.look(0, hour * hourMs)) emptyHours.push(hour);
	}
	return { ...search.found(), emptyHours };
}

/** One search, slot by slot. */
class DueSearch {
	readonly #from: DelayedLane;
	readonly #before: number;
	readonly #limit: number;
	readonly #ctx: Context;
	readonly #due: StoredDelayed[] = [];
	readonly #rest: string[] = [];

	constructor(from: DelayedLane, before: number, limit: number, ctx: Context) {
		this.#from = from;
		this.#before = before;
		this.#limit = limit;
		this.#ctx = ctx;
	}

	get isDone(): boolean {
		return this.#due.length >= this.#limit;
	}

	/** Looks through a slot. Returns whether there is nothing in it. */
	async look(level: number, start: number): Promise<boolean> {
		const { storage, keys, lane, record } = this.#from;
		const slot = keys.delayedWithin(lane, record.generation, start, level);
		const entries = await storage.list(slot, this.#ctx, mostOfSlot);
		const width = slotMs[level + 1];
		if (entries.length === mostOfSlot && width !== undefined && level < smallest) {
			const end = Math.min(start + (slotMs[level] ?? 0), this.#before);
			for (let part = start; part < end && !this.isDone; part += width) await this.look(level + 1, part);
			return false;
		}
		for (const each of this.#latest(entries)) if (each.delayed.due < this.#before) this.#due.push(each);
		return entries.length === 0;
	}

	found(): Pick<DueDelayed, "due" | "rest"> {
		const due = this.#due.sort((one, other) => one.delayed.due - other.delayed.due);
		return { due: due.slice(0, this.#limit), rest: this.#rest };
	}

	/** The version of each event that counts. */
	#latest(entries: readonly { readonly key: string; readonly text: string }[]): Iterable<StoredDelayed> {
		const { record } = this.#from;
		const dropped = new Set(record.dropped);
		const latest = new Map<Cursor, StoredDelayed>();
		for (const { key, text } of entries) {
			const mark = markOf(key);
			const isInForce = !dropped.has(key) && mayBeInForce(record, mark);
			// The holder may be about to save its own writes.
			if (!isInForce && mark.epoch !== record.epoch) this.#rest.push(key);
			if (!isInForce) continue;
			const delayed: Delayed = JSON.parse(text);
			const known = latest.get(delayed.cursor);
			if (known === undefined || isLater(mark, markOf(known.key)))
				latest.set(delayed.cursor, { key, delayed });
		}
		return latest.values();
	}
}
