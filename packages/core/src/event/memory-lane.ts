import { DelayedEvents } from "./delayed-events.ts";
import type {
	Deferred,
	DeferredInLane,
	Delayed,
	LaneChange,
	LaneReport,
	LaneState,
	Trying,
	Which,
} from "./group-state.ts";
import type { Cursor } from "./log.ts";

/** One lane of a group in memory. */
export class MemoryLane {
	readonly lane: number;
	holder: string | undefined;
	epoch: number;
	#cursor: Cursor;
	#ahead: readonly Cursor[] = [];
	#crashes = 0;
	#trying: Trying | undefined;
	#edits = 0;
	readonly #deferred = new Map<string, Deferred>();
	readonly #delayed = new DelayedEvents();

	constructor(lane: number, cursor: Cursor, epoch: number) {
		this.lane = lane;
		this.epoch = epoch;
		this.#cursor = cursor;
	}

	/** Gives it to a member under a new epoch. */
	claim(member: string, epoch: number): LaneState {
		if (this.holder !== undefined && this.holder !== member) this.#crashes++;
		this.holder = member;
		this.epoch = epoch;
		return {
			cursor: this.#cursor,
			ahead: this.#ahead,
			deferred: this.deferred(),
			crashes: this.#crashes,
			...(this.#trying !== undefined && { trying: this.#trying }),
		};
	}

	save({
		cursor,
		ahead,
		defer = [],
		settle = [],
		delay = [],
		undelay = [],
		crashes,
		trying,
	}: LaneChange): void {
		this.#cursor = cursor ?? this.#cursor;
		this.#ahead = ahead ?? this.#ahead;
		this.#crashes = crashes ?? this.#crashes;
		if (trying !== undefined) this.#trying = trying === "none" ? undefined : trying;
		for (const id of settle) this.#deferred.delete(id);
		for (const deferred of defer) this.#deferred.set(deferred.id, deferred);
		for (const cursor of undelay) this.#delayed.delete(cursor);
		for (const delayed of delay) this.#delayed.add(delayed);
	}

	release(): void {
		this.holder = undefined;
		this.#crashes = 0;
	}

	deferred(): readonly Deferred[] {
		return [...this.#deferred.values()];
	}

	parked(): readonly DeferredInLane[] {
		return this.deferred()
			.filter(({ due }) => due === "parked")
			.map((deferred) => ({ ...deferred, lane: this.lane }));
	}

	delayed(before: number, limit: number): readonly Delayed[] {
		return this.#delayed.before(before, limit);
	}

	counts(): { readonly retrying: number; readonly parked: number; readonly delayed: number } {
		const parked = this.parked().length;
		return { retrying: this.#deferred.size - parked, parked, delayed: this.#delayed.size };
	}

	/** Makes parked events due at once, to be handled or passed over. Returns how many. */
	edit(which: Which, discard: boolean): number {
		const edited = this.deferred().filter((each) => each.due === "parked" && isMeant(each, which));
		for (const each of edited) this.#deferred.set(each.id, { ...each, due: 0, ...(discard && { discard }) });
		if (edited.length > 0) this.#edits++;
		return edited.length;
	}

	report(): LaneReport {
		return {
			lane: this.lane,
			holder: this.holder,
			epoch: this.epoch,
			cursor: this.#cursor,
			edits: this.#edits,
		};
	}
}

function isMeant({ id, key }: Deferred, which: Which): boolean {
	if (which === "all") return true;
	if ("ids" in which) return which.ids.includes(id);
	return key !== undefined && which.keys.includes(key);
}
