import type { OnceAttempt, OnceStore } from "../caching/once-store.ts";
import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import { whileLasts } from "../endpoint/detached-call.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import { every, type Timer } from "../time/timer.ts";

/** How long an operation of the store may take whose call nobody waits for, in milliseconds. */
const storeTimeoutMs = 5_000;

/** Options of {@link OnceMark}. */
export interface MarkOptions {
	readonly store: OnceStore;
	readonly key: string;
	readonly attempt: OnceAttempt;
	readonly method: Method;
	readonly logger: Logger;
	/** How long the mark lasts unless it is renewed, in milliseconds. */
	readonly markMs: number;
	/** How long an outcome is kept, in milliseconds. */
	readonly ttlMs: number;
}

/**
 * The mark of an attempt in the store while its handler runs. It is renewed as long as the call goes on. When the
 * store has given the call to another attempt, the context of this one ends.
 */
export class OnceMark {
	/** The context for the handler. */
	readonly ctx: Context;
	readonly #options: MarkOptions;
	readonly #cancel: (reason: unknown) => void;
	readonly #renewal: Timer;

	constructor(options: MarkOptions, outer: Context) {
		const { ctx, cancel } = outer.withCancel();
		this.ctx = ctx;
		this.#options = options;
		this.#cancel = cancel;
		this.#renewal = every(options.markMs / 3, () => void this.#renew());
	}

	/**
	 * The handler has ended. It never rejects: the effect has happened, and the caller learns of it.
	 *
	 * @param outcome undefined if the end was no answer.
	 */
	async end(outcome: string | undefined): Promise<void> {
		this.#renewal.stop();
		const { store, key, attempt, ttlMs } = this.#options;
		try {
			if (outcome === undefined) {
				await this.#bounded((ctx) => store.abandon(key, attempt, ctx));
			} else if (!(await this.#bounded((ctx) => store.end(key, attempt, outcome, ttlMs, ctx)))) {
				this.#warn("another attempt had taken the call over, and may have repeated its effects");
			}
		} catch (error) {
			this.#warn("the store did not take the outcome of a call; another attempt at it runs again", error);
		}
	}

	async #renew(): Promise<void> {
		const { store, key, attempt, markMs } = this.#options;
		// A handler that does not end with its call is not waited for.
		if (this.ctx.error !== undefined) return this.#renewal.stop();
		try {
			if (await this.#bounded((ctx) => store.renew(key, attempt, markMs, ctx))) return;
			this.#renewal.stop();
			this.#cancel(overtaken());
		} catch (error) {
			this.#warn("the mark of a call under way could not be renewed", error);
		}
	}

	/** The store is asked although the call may be over, but not for ever. */
	#bounded<T>(ask: (ctx: Context) => Promise<T>): Promise<T> {
		const ctx = this.ctx.withoutCancel().withTimeout(storeTimeoutMs);
		return whileLasts(ask(ctx), ctx);
	}

	#warn(message: string, error?: unknown): void {
		const { method, logger, store } = this.#options;
		const { location } = store;
		logger.log("warn", message, {
			method: method.path,
			...(location !== undefined && { store: location }),
			...(error !== undefined && { error }),
		});
	}
}

function overtaken(): ServiceError {
	return new ServiceError({
		code: "unavailable",
		message: "another attempt has taken the call over, because this one did not renew its mark in time",
	});
}
