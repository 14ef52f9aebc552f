import type { Context } from "@allium/core";
import type { Deferred, Delayed, LaneChange, LaneLease } from "@allium/core/event";
import { claimedLane } from "./claimed-lane.ts";
import { type DeferredVersions, deferredVersions } from "./deferred-versions.ts";
import { dueDelayed } from "./due-delayed.ts";
import { hourOfKey } from "./group-keys.ts";
import type { GroupRecords, StoredLane } from "./group-records.ts";
import { HeldLane } from "./held-lane.ts";

/** The lanes of one group: claims them, and saves the lanes that members of this process hold. */
export class GroupLanes {
	readonly #records: GroupRecords;
	readonly #held = new Map<number, HeldLane>();

	constructor(records: GroupRecords) {
		this.#records = records;
	}

	async claim(lane: number, member: string, seenEpoch: number, ctx: Context): Promise<LaneLease | undefined> {
		for (;;) {
			const before = await this.#lane(lane, ctx);
			if (before?.record.epoch !== seenEpoch) return undefined;
			const found = await this.#versions(before, ctx);
			// Every write has a greater revision, so that no epoch comes again.
			const epoch = Math.max(before.revision, before.record.epoch + 1);
			const record = claimedLane(before.record, member, epoch, found);
			const revision = await this.#records.writeLane({ ...before, record }, ctx);
			// Without a revision the holder has saved it meanwhile, or another one has claimed it.
			if (revision === undefined) continue;
			this.#hold({ lane, record, revision }, found);
			const { cursor, ahead, crashes, trying } = record;
			const deferred = deferredOf(found);
			return {
				lane,
				member,
				epoch,
				state: { cursor, ahead, deferred, crashes, ...(trying !== undefined && { trying }) },
			};
		}
	}

	/** Returns whether the lease was the latest. If it was not, nothing is changed. */
	async save(lease: LaneLease, change: LaneChange, ctx: Context): Promise<boolean> {
		const held = await this.#holding(lease, ctx);
		return held !== undefined && this.#kept(held, await held.save(change, ctx));
	}

	async release(lease: LaneLease, ctx: Context): Promise<void> {
		const held = await this.#holding(lease, ctx);
		if (held !== undefined) {
			await held.release(ctx);
			this.#kept(held, false);
		}
	}

	async deferred(lane: number, ctx: Context): Promise<readonly Deferred[]> {
		const stored = await this.#lane(lane, ctx);
		return stored === undefined ? [] : deferredOf(await this.#versions(stored, ctx));
	}

	/** Delayed events that are due before a time, the earliest first. */
	async delayed(lane: number, before: number, limit: number, ctx: Context): Promise<readonly Delayed[]> {
		const held = this.#held.get(lane);
		const record = held?.record ?? (await this.#lane(lane, ctx))?.record;
		if (record === undefined) return [];
		const { storage, keys } = this.#records;
		const stored = await storage.list(keys.hoursOf(lane, record.generation), ctx);
		const hours = stored.map(({ key }) => hourOfKey(key)).sort((one, other) => one - other);
		const found = await dueDelayed({ storage, keys, lane, record }, hours, { before, limit }, ctx);
		held?.found(found);
		return found.due.map(({ delayed }) => delayed);
	}

	/** A lane that was claimed through this process, or by another handle of its member. */
	async #holding({ lane, epoch }: LaneLease, ctx: Context): Promise<HeldLane | undefined> {
		const held = this.#held.get(lane);
		if (held?.record.epoch === epoch) return held;
		const stored = await this.#lane(lane, ctx);
		if (stored?.record.epoch !== epoch) return undefined;
		return this.#hold(stored, await this.#versions(stored, ctx));
	}

	#hold({ lane, record, revision }: StoredLane, { current, rest }: DeferredVersions): HeldLane {
		const { storage, keys } = this.#records;
		const held = new HeldLane({ storage, keys, lane, record, revision, deferred: current, rest });
		this.#held.set(lane, held);
		return held;
	}

	/** Forgets a lane that is not held any more. Returns whether it is held. */
	#kept(held: HeldLane, isHeld: boolean): boolean {
		if (!isHeld && this.#held.get(held.lane) === held) this.#held.delete(held.lane);
		return isHeld;
	}

	async #lane(lane: number, ctx: Context): Promise<StoredLane | undefined> {
		const group = await this.#records.group(ctx);
		return group && this.#records.lane(group, lane, ctx);
	}

	async #versions({ lane, record }: StoredLane, ctx: Context): Promise<DeferredVersions> {
		const { storage, keys } = this.#records;
		return deferredVersions(await storage.list(keys.deferredOf(lane, record.generation), ctx), record);
	}
}

function deferredOf({ current }: DeferredVersions): readonly Deferred[] {
	return Array.from(current.values(), ({ deferred }) => deferred);
}
