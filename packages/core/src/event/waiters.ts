import type { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";

/** Why the context of a wait ends with the wait: one for all, because waits end often, and making an error is slow. */
export const waitIsOver: ServiceError = new ServiceError({ code: "canceled", message: "the wait is over" });

/** The callers that wait for news. */
export class Waiters {
	readonly #waiting = new Set<(error?: ServiceError) => void>();

	/** How many wait. */
	get size(): number {
		return this.#waiting.size;
	}

	/** Ends all waits. */
	wake(): void {
		for (const end of [...this.#waiting]) end();
	}

	/** Resolves with the next `wake`. Rejects when the context ends before. */
	wait(ctx: Context): Promise<void> {
		if (ctx.error !== undefined) return Promise.reject(ctx.error);
		return new Promise((resolve, reject) => {
			const end = (error?: ServiceError): void => {
				this.#waiting.delete(end);
				unlisten();
				if (error === undefined) resolve();
				else reject(error);
			};
			const unlisten = ctx["~cancellation"].listen(end);
			this.#waiting.add(end);
		});
	}
}
