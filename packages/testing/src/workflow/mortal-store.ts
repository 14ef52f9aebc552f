import type { EventStore } from "@allium/core/store";
import { storeMethods } from "../store/store-methods.ts";

/** A process that ends at a given moment. Its later actions have no effect. */
export class Mortality {
	#left: number;
	#hasEnded = false;

	/** @param moments How many moments it lives. */
	constructor(moments: number) {
		this.#left = moments;
	}

	get hasEnded(): boolean {
		return this.#hasEnded;
	}

	/** A moment at which the process may end. */
	readonly moment = (): void => {
		if (!this.#hasEnded && this.#left-- > 0) return;
		this.#hasEnded = true;
		throw new Error("the process has ended");
	};
}

/** The store of a process that may end before and after each append. */
export function mortalStore(store: EventStore, { moment }: Mortality): EventStore {
	return {
		...storeMethods(store),
		async append(parts, ctx, outcome) {
			moment();
			const appended = await store.append(parts, ctx, outcome);
			moment();
			return appended;
		},
	};
}
