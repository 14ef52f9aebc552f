import type { Context } from "@allium/core";

/** Something that is prepared with the first use, such as tables. What failed is tried again with the next use. */
export class FirstUse {
	readonly #prepare: (ctx: Context) => Promise<void>;
	#prepared: Promise<void> | undefined;

	constructor(prepare: (ctx: Context) => Promise<void>) {
		this.#prepare = prepare;
	}

	/** Resolves when it is prepared. */
	async ready(ctx: Context): Promise<void> {
		this.#prepared ??= this.#prepare(ctx);
		try {
			await this.#prepared;
		} catch (error) {
			this.#prepared = undefined;
			throw error;
		}
	}
}
