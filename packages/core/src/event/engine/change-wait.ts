import type { Context } from "../../context/context.ts";
import { waitIsOver } from "../waiters.ts";

/** A wait that any part with news can end. */
export class ChangeWait {
	#end: (() => void) | undefined;
	#isWoken = false;

	/** Whether it was woken since `reset`. */
	get isWoken(): boolean {
		return this.#isWoken;
	}

	/** Forgets earlier wake-ups: the changes until now are known. */
	reset(): void {
		this.#isWoken = false;
	}

	/** Ends the wait, or the next one if there is none. */
	wake(): void {
		this.#isWoken = true;
		this.#end?.();
	}

	/** Waits until a backend tells of a change, or until it is woken, or until the context ends. */
	async wait(ctx: Context, changed?: (ctx: Context) => Promise<void>): Promise<void> {
		if (this.#isWoken) return;
		const { ctx: waiting, cancel } = ctx.withCancel();
		const woken = new Promise<void>((resolve) => void waiting["~cancellation"].listen(() => resolve()));
		this.#end = () => cancel(waitIsOver);
		try {
			await (changed === undefined ? woken : Promise.race([changed(waiting), woken]));
		} catch (error) {
			// Backends may reject when a wait ends.
			if (waiting.error === undefined) throw error;
		} finally {
			this.#end = undefined;
			cancel(waitIsOver);
		}
	}
}
