import type { Deliver } from "@allium/core/event";
import type { Handle } from "./recorder.ts";

/**
 * Handles events whose ids are their key and their number in it, as `matchEvents` makes them. It counts them and checks
 * the order of each key, but keeps none of them, so that it serves for very many.
 */
export class Tally {
	/** How often an event was given to the handler. */
	deliveries = 0;
	/** How many events were handled, each counted once. */
	handled = 0;
	/** The events that came before an earlier one of their key was handled. */
	readonly early: string[] = [];
	readonly #handle: Handle;
	/** The number of the last event of each key that was handled. */
	readonly #last = new Map<string, number>();

	constructor(handle: Handle) {
		this.#handle = handle;
	}

	readonly deliver: Deliver = async (delivered, ctx) => {
		this.deliveries++;
		const verdict = await this.#handle(delivered, ctx);
		if (verdict.do === "done" && ctx.error === undefined) this.#count(delivered.event);
		return verdict;
	};

	/** How many events of a key were handled. */
	of(key: string): number {
		return (this.#last.get(key) ?? -1) + 1;
	}

	#count({ id, key = "" }: { readonly id: string; readonly key?: string }): void {
		const [last, number] = [this.of(key) - 1, Number(id.slice(key.length + 1))];
		if (number <= last) return;
		if (number > last + 1) this.early.push(id);
		this.#last.set(key, number);
		this.handled++;
	}
}
