import type { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import { waitIsOver } from "./waiters.ts";

/** A handle on data in memory. Once it is closed, it refuses operations and ends those that wait. */
export class MemoryHandle {
	readonly #what: string;
	readonly #waits = new Set<() => void>();
	#closed = false;

	/** @param what What is closed, for messages: `the log`. */
	constructor(what: string) {
		this.#what = what;
	}

	/** Throws `failed_precondition` when it is closed, and the error of the context when that has ended. */
	check(ctx?: Context): void {
		if (this.#closed) {
			throw new ServiceError({ code: "failed_precondition", message: `${this.#what} is closed` });
		}
		if (ctx?.error !== undefined) throw ctx.error;
	}

	/** Waits for something that ends with the context that it is given: that ends with `ctx`, and when this is closed. */
	async whileOpen(ctx: Context, wait: (open: Context) => Promise<void>): Promise<void> {
		const { ctx: open, cancel } = ctx.withCancel();
		this.#waits.add(cancel);
		try {
			await wait(open);
		} catch (error) {
			this.check();
			throw error;
		} finally {
			this.#waits.delete(cancel);
			cancel(waitIsOver);
		}
	}

	close(): void {
		this.#closed = true;
		for (const end of [...this.#waits]) end();
	}
}
