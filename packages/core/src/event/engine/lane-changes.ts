import type { Deferred, Delayed, LaneChange, Trying } from "../group-state.ts";
import type { Cursor } from "../log.ts";

/**
 * The changes of a lane since it was last saved, other than its cursor. Of several changes to the same thing, the last
 * one counts.
 */
export class LaneChanges {
	/** By the ids of deferred events; undefined for an event that is settled. */
	#deferred = new Map<string, Deferred | undefined>();
	/** By the cursors of delayed events; undefined for an event that is no longer delayed. */
	#delayed = new Map<Cursor, number | undefined>();
	#crashes: number | undefined;
	#trying: Trying | "none" | undefined;

	get isEmpty(): boolean {
		return (
			this.#deferred.size === 0 &&
			this.#delayed.size === 0 &&
			this.#crashes === undefined &&
			this.#trying === undefined
		);
	}

	defer(deferred: Deferred): void {
		this.#deferred.set(deferred.id, deferred);
	}

	settle(id: string): void {
		this.#deferred.set(id, undefined);
	}

	delay({ cursor, due }: Delayed): void {
		this.#delayed.set(cursor, due);
	}

	undelay(cursor: Cursor): void {
		this.#delayed.set(cursor, undefined);
	}

	crashes(count: number): void {
		this.#crashes = count;
	}

	trying(trying: Trying | "none"): void {
		this.#trying = trying;
	}

	/** Takes all changes out, to be saved. */
	take(): TakenChanges {
		const taken = new TakenChanges(this.#deferred, this.#delayed, this.#crashes, this.#trying);
		this.#deferred = new Map();
		this.#delayed = new Map();
		this.#crashes = undefined;
		this.#trying = undefined;
		return taken;
	}

	/** Puts changes back that were not saved. Later changes win over them. */
	putBack(taken: TakenChanges): void {
		this.#deferred = new Map([...taken.deferred, ...this.#deferred]);
		this.#delayed = new Map([...taken.delayed, ...this.#delayed]);
		this.#crashes ??= taken.crashes;
		this.#trying ??= taken.trying;
	}
}

/** Changes that are being saved. */
export class TakenChanges {
	readonly deferred: ReadonlyMap<string, Deferred | undefined>;
	readonly delayed: ReadonlyMap<Cursor, number | undefined>;
	readonly crashes: number | undefined;
	readonly trying: Trying | "none" | undefined;

	constructor(
		deferred: ReadonlyMap<string, Deferred | undefined>,
		delayed: ReadonlyMap<Cursor, number | undefined>,
		crashes: number | undefined,
		trying: Trying | "none" | undefined,
	) {
		this.deferred = deferred;
		this.delayed = delayed;
		this.crashes = crashes;
		this.trying = trying;
	}

	/** The changes in the form that the store takes. */
	change(cursor: Cursor, ahead: readonly Cursor[]): LaneChange {
		const defer: Deferred[] = [];
		const settle: string[] = [];
		const delay: Delayed[] = [];
		const undelay: Cursor[] = [];
		for (const [id, deferred] of this.deferred) {
			if (deferred === undefined) settle.push(id);
			else defer.push(deferred);
		}
		for (const [delayed, due] of this.delayed) {
			if (due === undefined) undelay.push(delayed);
			else delay.push({ cursor: delayed, due });
		}
		return {
			cursor,
			ahead,
			...(defer.length > 0 && { defer }),
			...(settle.length > 0 && { settle }),
			...(delay.length > 0 && { delay }),
			...(undelay.length > 0 && { undelay }),
			...(this.crashes !== undefined && { crashes: this.crashes }),
			...(this.trying !== undefined && { trying: this.trying }),
		};
	}
}
