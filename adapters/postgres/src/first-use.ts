import { Context } from "@allium/core";
import { whileLasts } from "@allium/core/transport";

/** How long a preparation may take, in milliseconds. */
const prepareMs = 15_000;

/**
 * Something that is prepared once, with the first use, such as tables. It has its own context, since the end of one
 * caller must not end it for the other callers that wait. After a failure, the next use tries again.
 */
export class FirstUse {
	readonly #prepare: (ctx: Context) => Promise<void>;
	#prepared: Promise<void> | undefined;

	constructor(prepare: (ctx: Context) => Promise<void>) {
		this.#prepare = prepare;
	}

	/** Resolves when it is prepared. */
	ready(ctx: Context): Promise<void> {
		if (this.#prepared === undefined) {
			const preparing = this.#prepare(Context.background().withTimeout(prepareMs));
			preparing.catch(() => {
				this.#prepared = undefined;
			});
			this.#prepared = preparing;
		}
		return whileLasts(this.#prepared, ctx);
	}
}
