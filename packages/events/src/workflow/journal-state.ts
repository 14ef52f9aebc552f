import type { Entry, Expecting, Fact, Parked, Waiting } from "./journal-entry.ts";

/** How a run is, as far as its journal tells. */
export type RunStatus = "not started" | "going on" | "waiting" | "parked" | "ended" | "cancelled";

/** How a run is. */
export interface RunState {
	readonly status: RunStatus;
	/** Why it does not go on. */
	readonly parked: Parked | undefined;
	/** The waits that are open. */
	readonly waits: readonly (Waiting | Expecting)[];
	/** Whether its cancellation was requested. */
	readonly isCancelling: boolean;
}

/** Tells how a run is from its entries since its last restart. */
export function stateOf(entries: readonly Entry[]): RunState {
	const fold = new RunStateFold();
	for (const { fact } of entries) fold.add(fact);
	return fold.state;
}

/** Whether it is the beginning of a run. */
export function isBeginning({ is }: Fact): boolean {
	return is === "started" || is === "restarted";
}

/** Tells how a run is from its entries, one after another. It keeps only the entries that still count. */
export class RunStateFold {
	#status: RunStatus = "not started";
	#parked: Parked | undefined;
	#isCancelling = false;
	#waits = new Map<string, Waiting | Expecting>();

	/** Forgets the earlier entries, which no longer count. */
	restart(): void {
		this.#status = "not started";
		this.#parked = undefined;
		this.#isCancelling = false;
		this.#waits.clear();
	}

	add(fact: Fact): void {
		if (isBeginning(fact)) this.#status = "going on";
		else if (fact.is === "settled") this.#waits.delete(fact.step);
		else if (fact.is === "waiting" || fact.is === "expecting") this.#waits.set(fact.step, fact);
		else if (fact.is === "parked") this.#parked = fact;
		else if (fact.is === "resumed") this.#parked = undefined;
		else if (fact.is === "ended") this.#status = fact.cancelled === true ? "cancelled" : "ended";
		else if (fact.is === "cancelled") this.#cancel();
	}

	/** It is thrown into the code once: asked for again, it changes nothing. */
	#cancel(): void {
		if (this.#isCancelling) return;
		this.#isCancelling = true;
		this.#parked = undefined;
	}

	get state(): RunState {
		const isOver = this.#status === "ended" || this.#status === "cancelled";
		return {
			status: this.#statusNow,
			parked: isOver ? undefined : this.#parked,
			waits: isOver ? [] : [...this.#waits.values()],
			isCancelling: this.#isCancelling && !isOver,
		};
	}

	get #statusNow(): RunStatus {
		if (this.#status !== "going on") return this.#status;
		if (this.#parked !== undefined) return "parked";
		return this.#waits.size > 0 ? "waiting" : "going on";
	}
}
