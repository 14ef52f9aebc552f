import type { Context } from "@allium/core";
import type { Share } from "@allium/core/adapter";
import { refusal } from "@allium/core/adapter";
import type { Backend } from "./backend.ts";
import type { Value } from "./connection-pool.ts";

/** The use of a backend by one port. Once it is closed, it refuses operations and ends those that wait. */
export class BackendHandle {
	readonly backend: Backend;
	readonly #what: string;
	readonly #share: Share<Backend>;
	readonly #waits = new Set<() => void>();
	#closed = false;

	/** @param what What is closed, for messages: `the log`. */
	constructor(what: string, share: Share<Backend>) {
		this.#what = what;
		this.#share = share;
		this.backend = share.resource;
	}

	/** Throws `failed_precondition` when it is closed, and the error of the context when that has ended. */
	check(ctx: Context): void {
		if (this.#closed) throw refusal(`${this.#what} is closed`);
		if (ctx.error !== undefined) throw ctx.error;
	}

	/** As `Database.query`. */
	async query<Row extends object>(
		text: string,
		values: readonly Value[],
		ctx: Context,
	): Promise<readonly Row[]> {
		this.check(ctx);
		return this.backend.database.query<Row>(text, values, ctx);
	}

	/**
	 * Resolves with the next change of the named thing (see `News`), or at once if it has changed already: `isChanged` is
	 * called after the waiting began. Rejects when the context ends before.
	 */
	async wait(name: string, isChanged: () => Promise<boolean>, ctx: Context): Promise<void> {
		this.check(ctx);
		const { ctx: waiting, cancel } = ctx.withCancel();
		this.#waits.add(cancel);
		try {
			const news = this.backend.news.wait(name, waiting);
			news.catch(() => {});
			if (!(await isChanged())) await news;
		} catch (error) {
			this.check(ctx);
			throw error;
		} finally {
			this.#waits.delete(cancel);
			cancel();
		}
	}

	/** Lets go of the backend. A second call has no further effect. */
	async close(): Promise<void> {
		this.#closed = true;
		for (const end of [...this.#waits]) end();
		await this.#share.release();
	}
}
