import type { Context } from "@allium/core";
import { forgetOldest } from "@allium/core/adapter";
import type { Cursor, Deferred, Delayed, LaneChange } from "@allium/core/event";
import type { StoredDeferred } from "./deferred-versions.ts";
import type { DueDelayed } from "./due-delayed.ts";
import { type GroupKeys, hourOf, slotMs } from "./group-keys.ts";
import type { GroupStorage } from "./group-storage.ts";
import { changed, type LaneRecord, laneRecord } from "./lane-record.ts";

/** So many keys of delayed events are remembered. */
const mostRemembered = 10_000;

/** Options of {@link HeldLane}. */
export interface HeldLaneOptions {
	readonly storage: GroupStorage;
	readonly keys: GroupKeys;
	readonly lane: number;
	/** The record as it was written by the claim, and its revision. */
	readonly record: LaneRecord;
	readonly revision: number;
	readonly deferred: ReadonlyMap<string, StoredDeferred>;
	/** Keys that count no more. */
	readonly rest: readonly string[];
}

/**
 * A lane that a member of this process holds. A save first writes deferred and delayed events, under keys that count
 * only once the lane itself has been written. It writes the lane only if the lane still has the revision that this
 * process wrote last.
 */
export class HeldLane {
	readonly lane: number;
	readonly #storage: GroupStorage;
	readonly #keys: GroupKeys;
	record: LaneRecord;
	#revision: number;
	/** The keys of deferred events, by their ids. */
	readonly #deferred: Map<string, string>;
	/** The keys of delayed events that were told or written lately, by their cursors. */
	readonly #delayed = new Map<Cursor, string>();
	/** The hours of delayed events that were written under this claim. */
	readonly #hours = new Set<number>();
	/** Keys that a save wrote which then failed. */
	readonly #loose = new Set<string>();
	/** Saves come one after another. */
	#queue: Promise<unknown> = Promise.resolve();

	constructor({ storage, keys, lane, record, revision, deferred, rest }: HeldLaneOptions) {
		this.#storage = storage;
		this.#keys = keys;
		this.lane = lane;
		this.record = record;
		this.#revision = revision;
		this.#deferred = new Map(Array.from(deferred, ([id, { entry }]) => [id, entry.key]));
		void this.#remove([...new Set([...rest, ...record.dropped])]);
	}

	/** Returns whether the lane is still held. If it is not, nothing is changed. */
	save(change: LaneChange, ctx: Context): Promise<boolean> {
		return this.#inTurn(() => this.#save(change, ctx));
	}

	/** Returns whether the lane was still held. */
	release(ctx: Context): Promise<boolean> {
		return this.#inTurn(() => this.#write({ ...this.record, holder: undefined, crashes: 0 }, ctx));
	}

	/** Takes note of what a search for delayed events has found, and cleans up behind it. */
	found({ due, emptyHours, rest }: DueDelayed): void {
		for (const { key, delayed } of due) this.#rememberDelayed(delayed.cursor, key);
		if (emptyHours.length > 0 || rest.length > 0) {
			void this.#inTurn(() => this.#clean(emptyHours, rest)).catch(() => {});
		}
	}

	#inTurn<T>(run: () => Promise<T>): Promise<T> {
		const result = this.#queue.then(run);
		this.#queue = result.catch(() => {});
		return result;
	}

	async #save(change: LaneChange, ctx: Context): Promise<boolean> {
		const { defer = [], delay = [] } = change;
		const record = changed(this.record, change);
		const { generation } = record;
		const deferred = new Map(
			defer.map((each) => [each.id, this.#keys.deferred(this.lane, generation, each, record)]),
		);
		const delayed = new Map(
			delay.map((each) => [each.cursor, this.#keys.delayed(this.lane, generation, each, record)]),
		);
		const kept = new Set([...deferred.values(), ...delayed.values()]);
		const ended = [...record.dropped, ...(await this.#replaced(change, ctx)), ...this.#loose];
		const dropped = new Set(ended.filter((key) => !kept.has(key)));
		for (const key of kept) this.#loose.add(key);
		await Promise.all([
			...defer.map((each) => this.#put(deferred.get(each.id), each, ctx)),
			...delay.map((each) => this.#put(delayed.get(each.cursor), each, ctx)),
		]);
		await this.#noteHours(delay, ctx);
		const isHeld = await this.#write({ ...record, dropped: [...dropped] }, ctx);
		if (!isHeld) return false;
		this.#loose.clear();
		this.#settled(change, deferred, delayed);
		await this.#remove([...dropped]);
		return true;
	}

	/** The keys that end with a change. */
	async #replaced(
		{ defer = [], settle = [], delay = [], undelay = [] }: LaneChange,
		ctx: Context,
	): Promise<string[]> {
		const keys = [...settle, ...defer.map(({ id }) => id)].map((id) => this.#deferred.get(id));
		for (const { cursor } of delay) keys.push(this.#delayed.get(cursor));
		for (const cursor of undelay) {
			const known = this.#delayed.get(cursor);
			keys.push(...(known === undefined ? await this.#delayedKeys(cursor, ctx) : [known]));
		}
		return keys.filter((key) => key !== undefined);
	}

	/** The keys of a delayed event that was not told or written lately. */
	async #delayedKeys(cursor: Cursor, ctx: Context): Promise<readonly string[]> {
		const keys = this.#keys.delayedAtAnyTime(this.lane, this.record.generation, cursor);
		return (await this.#storage.list(keys, ctx)).map(({ key }) => key);
	}

	/** Notes under which keys things lie now. */
	#settled(
		{ settle = [], undelay = [] }: LaneChange,
		deferred: ReadonlyMap<string, string>,
		delayed: ReadonlyMap<Cursor, string>,
	): void {
		for (const id of settle) this.#deferred.delete(id);
		for (const [id, key] of deferred) this.#deferred.set(id, key);
		for (const cursor of undelay) this.#delayed.delete(cursor);
		for (const [cursor, key] of delayed) this.#rememberDelayed(cursor, key);
	}

	#rememberDelayed(cursor: Cursor, key: string): void {
		this.#delayed.delete(cursor);
		this.#delayed.set(cursor, key);
		if (this.#delayed.size > mostRemembered) forgetOldest(this.#delayed);
	}

	/** Hours are written behind their events, so that an hour that seems empty is so, and once under each claim. */
	async #noteHours(delay: readonly Delayed[], ctx: Context): Promise<void> {
		const hours = new Set(delay.map(({ due }) => hourOf(due)));
		const missing = [...hours].filter((hour) => !this.#hours.has(hour));
		const { generation } = this.record;
		await Promise.all(
			missing.map((hour) => this.#storage.write(this.#keys.hour(this.lane, generation, hour), "", ctx)),
		);
		for (const hour of missing) this.#hours.add(hour);
	}

	/** Forgets hours that are empty, and removes what never came into force. */
	async #clean(emptyHours: readonly number[], rest: readonly string[]): Promise<void> {
		await Promise.all(rest.map((key) => this.#storage.remove(key)));
		const { generation } = this.record;
		for (const hour of emptyHours) {
			// Its place is read first: who writes the hour again meanwhile gives it another one.
			const entry = await this.#storage.read(this.#keys.hour(this.lane, generation, hour));
			const slot = this.#keys.delayedWithin(this.lane, generation, hour * slotMs[0], 0);
			if (entry === undefined || (await this.#storage.has(slot))) continue;
			this.#hours.delete(hour);
			await this.#storage.removeRevision(entry.revision);
		}
	}

	async #put(key: string | undefined, value: Deferred | Delayed, ctx: Context): Promise<void> {
		if (key !== undefined) await this.#storage.write(key, JSON.stringify(value), ctx);
	}

	/** Writes the lane. An operator may have written it meanwhile, too; another claim ends this one. */
	async #write(record: LaneRecord, ctx: Context): Promise<boolean> {
		const key = this.#keys.lane(this.lane);
		let next = record;
		for (;;) {
			const revision = await this.#storage.replace(key, JSON.stringify(next), this.#revision, ctx);
			if (revision !== undefined) {
				this.record = next;
				this.#revision = revision;
				return true;
			}
			const found = await this.#storage.read(key, ctx);
			const current = found && laneRecord(found);
			if (found === undefined || current?.epoch !== record.epoch) return false;
			next = { ...next, edits: current.edits };
			this.#revision = found.revision;
		}
	}

	/** Removes keys that count no more. What could not be removed is tried again with the next save. Never rejects. */
	async #remove(keys: readonly string[]): Promise<void> {
		const removed = new Set<string>();
		const removing = keys.map((key) => this.#storage.remove(key).then(() => void removed.add(key)));
		await Promise.allSettled(removing);
		const dropped = this.record.dropped.filter((key) => !removed.has(key));
		this.record = { ...this.record, dropped };
	}
}
