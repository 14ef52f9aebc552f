import type { Context } from "../context/context.ts";
import type {
	DeferredInLane,
	GroupId,
	GroupReport,
	LaneChange,
	LaneLease,
	Member,
	Slice,
	Which,
} from "./group-state.ts";
import type { Cursors } from "./log.ts";
import { MemoryLane } from "./memory-lane.ts";
import { Waiters } from "./waiters.ts";

/** A member that has joined. */
interface Joined {
	readonly member: Member;
	readonly joined: number;
	renewal: number;
}

/** One group in memory. Handles share it. */
export class MemoryGroup {
	readonly id: GroupId;
	readonly createdAt: string = new Date().toISOString();
	/** Increases with every change of members, holders and edits. */
	version = 1;
	readonly #nextEpoch: () => number;
	readonly #waiters = new Waiters();
	readonly #members = new Map<string, Joined>();
	#lanes: ReadonlyMap<number, MemoryLane> = new Map();
	#joined = 0;

	constructor(id: GroupId, cursors: Cursors, nextEpoch: () => number) {
		this.id = id;
		this.#nextEpoch = nextEpoch;
		this.rewind(cursors);
	}

	/** Whether any lane is held by a process that is still a member. */
	get isHeld(): boolean {
		return [...this.#lanes.values()].some(({ holder }) => holder !== undefined && this.#members.has(holder));
	}

	lane(lane: number): MemoryLane | undefined {
		return this.#lanes.get(lane);
	}

	report(): GroupReport {
		const members = Array.from(this.#members.values(), ({ member, joined, renewal }) => ({
			...member,
			joined,
			renewal: String(renewal),
		}));
		return { members, lanes: Array.from(this.#lanes.values(), (lane) => lane.report()) };
	}

	join({ id, handles }: Member): void {
		const before = this.#members.get(id);
		const joined = before?.joined ?? ++this.#joined;
		this.#members.set(id, {
			member: { id, handles: { ...handles } },
			joined,
			renewal: (before?.renewal ?? 0) + 1,
		});
		this.wake();
	}

	leave(member: string): void {
		if (this.#members.delete(member)) this.wake();
	}

	renew(member: string): void {
		const found = this.#members.get(member);
		if (found !== undefined) found.renewal++;
	}

	claim(lane: number, member: string, seenEpoch: number): LaneLease | undefined {
		const found = this.#lanes.get(lane);
		if (found?.epoch !== seenEpoch) return undefined;
		const epoch = this.#nextEpoch();
		const state = found.claim(member, epoch);
		this.wake();
		return { lane, member, epoch, state };
	}

	/** Whether the lease is the latest; otherwise nothing is changed. */
	save({ lane, epoch }: LaneLease, change: LaneChange): boolean {
		const found = this.#lanes.get(lane);
		if (found?.epoch !== epoch) return false;
		found.save(change);
		return true;
	}

	release({ lane, epoch }: LaneLease): void {
		const found = this.#lanes.get(lane);
		if (found?.epoch !== epoch) return;
		found.release();
		this.wake();
	}

	parked({ after, limit }: { readonly after?: string; readonly limit: number }): Slice<DeferredInLane> {
		const all = Array.from(this.#lanes.values(), (lane) => lane.parked())
			.flat()
			.filter((parked) => after === undefined || placeOf(parked) > after)
			.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
		const items = all.slice(0, limit);
		const last = items.at(-1);
		return { items, ...(last !== undefined && all.length > limit && { next: placeOf(last) }) };
	}

	counts(): { readonly retrying: number; readonly parked: number; readonly delayed: number } {
		const sum = { retrying: 0, parked: 0, delayed: 0 };
		for (const lane of this.#lanes.values()) {
			const { retrying, parked, delayed } = lane.counts();
			sum.retrying += retrying;
			sum.parked += parked;
			sum.delayed += delayed;
		}
		return sum;
	}

	edit(which: Which, discard: boolean): number {
		let count = 0;
		for (const lane of this.#lanes.values()) count += lane.edit(which, discard);
		if (count > 0) this.wake();
		return count;
	}

	/** Makes the lanes at these places. Their epochs are new, so that the leases on the old ones are worth nothing. */
	rewind(cursors: Cursors): void {
		this.#lanes = new Map(
			Array.from(cursors, ([lane, cursor]) => [lane, new MemoryLane(lane, cursor, this.#nextEpoch())]),
		);
		this.wake();
	}

	/** Tells of a change. */
	wake(): void {
		this.version++;
		this.#waiters.wake();
	}

	/** Resolves with the next change. */
	changed(ctx: Context): Promise<void> {
		return this.#waiters.wait(ctx);
	}
}

/** The place of a parked event in the listing. */
function placeOf({ lane, cursor, id }: DeferredInLane): string {
	return JSON.stringify([String(lane).padStart(6, "0"), cursor, id]);
}
