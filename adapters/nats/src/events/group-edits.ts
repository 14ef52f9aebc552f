import { type Context, ServiceError } from "@allium/core";
import type { Cursors, Deferred, DeferredInLane, Slice, Which } from "@allium/core/event";
import { deferredVersions, type StoredDeferred } from "./deferred-versions.ts";
import { laneOfDeferred } from "./group-keys.ts";
import type { GroupRecord } from "./group-record.ts";
import type { GroupRecords, StoredLane } from "./group-records.ts";
import { newLane } from "./lane-record.ts";

/**
 * How many events are marked before the holders of their lanes are told. A process that is killed in between leaves no
 * more of them untold.
 */
const marksAtOnce = 500;
/** How long telling may take once the context has ended, in milliseconds. */
const lateTellMs = 5_000;

/** How many events wait in a group. */
export interface GroupCounts {
	readonly retrying: number;
	readonly parked: number;
	readonly delayed: number;
}

/** A deferred event that counts, and its lane. */
interface DeferredOfLane extends StoredDeferred {
	readonly lane: StoredLane;
}

/** The parts of one group that operators see and change. */
export class GroupEdits {
	readonly #records: GroupRecords;

	constructor(records: GroupRecords) {
		this.#records = records;
	}

	async parked(
		{ after, limit }: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<DeferredInLane>> {
		const all = (await this.#deferred(ctx))
			.filter(({ deferred }) => deferred.due === "parked")
			.map(({ lane: { lane }, deferred }) => ({ ...deferred, lane }))
			.filter((parked) => after === undefined || placeOf(parked) > after)
			.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
		const items = all.slice(0, limit);
		const last = items.at(-1);
		return { items, ...(last !== undefined && all.length > limit && { next: placeOf(last) }) };
	}

	async counts(ctx: Context): Promise<GroupCounts> {
		const { storage, keys } = this.#records;
		const [all, delayed] = await Promise.all([this.#deferred(ctx), storage.count(keys.allDelayed, ctx)]);
		const parked = all.filter(({ deferred }) => deferred.due === "parked").length;
		return { retrying: all.length - parked, parked, delayed };
	}

	/**
	 * Makes parked events due at once, to be handled or passed over. Returns how many. The holder is told again of events
	 * that an earlier call made due in the same way, because that call may have failed in between.
	 */
	async edit(which: Which, discard: boolean, ctx: Context): Promise<number> {
		const meant = (await this.#deferred(ctx)).filter(({ deferred }) => isMeant(deferred, which));
		const due = meant.filter(({ deferred }) => deferred.due === 0 && (deferred.discard ?? false) === discard);
		await this.#tell(due, ctx);
		const parked = meant.filter(({ deferred }) => deferred.due === "parked");
		let count = 0;
		for (let from = 0; from < parked.length; from += marksAtOnce) {
			count += await this.#markAll(parked.slice(from, from + marksAtOnce), discard, ctx);
		}
		return count;
	}

	async rewind(cursors: Cursors, ctx: Context): Promise<void> {
		const group = await this.#records.group(ctx);
		if (group === undefined) throw this.#records.missing();
		await this.#checkIdle(group, "put at another place", ctx);
		for (const [lane, cursor] of cursors) {
			for (;;) {
				const before = await this.#records.lane(group, lane, ctx);
				if (before === undefined) break;
				this.#checkLane(group, before, "put at another place");
				const epoch = Math.max(before.revision, before.record.epoch + 1);
				const record = newLane(cursor, epoch, before.record.edits);
				if ((await this.#records.writeLane({ ...before, record }, ctx)) === undefined) continue;
				await this.#removeAll(before, ctx);
				break;
			}
		}
	}

	async forget(ctx: Context): Promise<void> {
		const { storage, keys } = this.#records;
		const group = await this.#records.group(ctx);
		if (group === undefined) return;
		await this.#checkIdle(group, "removed", ctx);
		// From then on the group is gone, regardless of the rest.
		const isDone = await this.#records.change((record) => ({ ...record, isRemoved: true }), ctx);
		if (!isDone) return;
		for (const rest of [keys.lanes, keys.allDeferred, keys.allDelayed, keys.allHours, keys.record]) {
			await storage.removeAll(rest, ctx);
		}
	}

	async #deferred(ctx: Context): Promise<readonly DeferredOfLane[]> {
		const { storage, keys } = this.#records;
		const group = await this.#records.group(ctx);
		if (group === undefined) return [];
		const [lanes, entries] = [
			await this.#records.lanes(group, ctx),
			await storage.list(keys.allDeferred, ctx),
		];
		const byLane = Map.groupBy(entries, ({ key }) => laneOfDeferred(key));
		return lanes.flatMap((lane) => {
			const { current } = deferredVersions(byLane.get(lane.lane) ?? [], lane.record);
			return Array.from(current.values(), (each) => ({ ...each, lane }));
		});
	}

	/** Marks events, and tells the holders of their lanes. Returns how many were there unchanged. */
	async #markAll(parked: readonly DeferredOfLane[], discard: boolean, ctx: Context): Promise<number> {
		const marks = await Promise.allSettled(parked.map((each) => this.#mark(each, discard, ctx)));
		// It is not known whether a failed mark was made.
		const made = parked.filter((_, index) => marks[index]?.status === "rejected" || marks[index]?.value);
		// This works after the context has ended, too: otherwise nobody would handle what is marked already.
		await this.#tell(made, ctx.error === undefined ? ctx : ctx.withoutCancel().withTimeout(lateTellMs));
		const failure = marks.find((mark) => mark.status === "rejected");
		if (failure !== undefined) throw failure.reason;
		return made.length;
	}

	/** Returns whether the event was there unchanged. */
	async #mark({ entry, deferred }: DeferredOfLane, discard: boolean, ctx: Context): Promise<boolean> {
		const text = JSON.stringify({ ...deferred, due: 0, ...(discard && { discard }) });
		const revision = await this.#records.storage.replace(entry.key, text, entry.revision, ctx);
		return revision !== undefined;
	}

	/** Tells the holders of the lanes of events that an operator has changed them. */
	async #tell(changed: readonly DeferredOfLane[], ctx: Context): Promise<void> {
		const lanes = new Set(changed.map(({ lane }) => lane.lane));
		await Promise.all(Array.from(lanes, (lane) => this.#tellHolder(lane, ctx)));
	}

	async #tellHolder(lane: number, ctx: Context): Promise<void> {
		for (;;) {
			const group = await this.#records.group(ctx);
			const before = group && (await this.#records.lane(group, lane, ctx));
			if (before === undefined) return;
			const record = { ...before.record, edits: before.record.edits + 1 };
			if ((await this.#records.writeLane({ ...before, record }, ctx)) !== undefined) return;
		}
	}

	/** Removes events that were deferred and delayed before a lane was put at another place. */
	async #removeAll({ lane, record }: StoredLane, ctx: Context): Promise<void> {
		const { storage, keys } = this.#records;
		await storage.removeAll(keys.deferredOf(lane, record.generation), ctx);
		await storage.removeAll(keys.delayedOf(lane, record.generation), ctx);
		await storage.removeAll(keys.hoursOf(lane, record.generation), ctx);
	}

	async #checkIdle(group: GroupRecord, what: string, ctx: Context): Promise<void> {
		for (const lane of await this.#records.lanes(group, ctx)) this.#checkLane(group, lane, what);
	}

	#checkLane({ members }: GroupRecord, { record: { holder } }: StoredLane, what: string): void {
		if (!members.some(({ id }) => id === holder)) return;
		const { topic, group } = this.#records.id;
		throw new ServiceError({
			code: "failed_precondition",
			message: `the group ${group} of the topic ${topic} is being worked on, and is not ${what}; stop its processes first`,
		});
	}
}

function isMeant({ id, key }: Deferred, which: Which): boolean {
	if (which === "all") return true;
	if ("ids" in which) return which.ids.includes(id);
	return key !== undefined && which.keys.includes(key);
}

/** The place of a parked event in the listing. */
function placeOf({ lane, cursor, id }: DeferredInLane): string {
	return JSON.stringify([String(lane).padStart(6, "0"), cursor, id]);
}
