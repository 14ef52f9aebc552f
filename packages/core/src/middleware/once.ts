import { memoryOnceStore } from "../caching/memory-once-store.ts";
import type { OnceStore } from "../caching/once-store.ts";
import { causeOf } from "../context/cause.ts";
import type { Context } from "../context/context.ts";
import { peerOf } from "../context/principal.ts";
import { sleep } from "../context/sleep.ts";
import type { Method } from "../contract/method.ts";
import { sha256 } from "../encoding/sha256.ts";
import { uuidv7 } from "../encoding/uuid.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { dataText } from "../json/stable-json.ts";
import { checkedLogger } from "../logger/checked-logger.ts";
import { consoleLogger, type Logger } from "../logger/logger.ts";
import { Backoff } from "../time/backoff.ts";
import { checkDuration } from "../time/duration.ts";
import { OnceMark } from "./once-mark.ts";
import { keyReused, OnceOutcomes } from "./once-outcome.ts";

/** The store in which {@link once} keeps the outcomes of calls, and for how long it keeps them. */
export interface OnceOptions {
	/** Shared by all instances of the service. Default: 16 MiB in the memory of this process alone. */
	readonly store?: OnceStore;
	/** How long an outcome is kept, in milliseconds. Default: 24 h. */
	readonly ttlMs?: number;
	/**
	 * How long a call counts as under way after its process has crashed, in milliseconds; a handler that goes on may run
	 * for as long as it likes. Default: 10 s.
	 */
	readonly markMs?: number;
	/** How long an attempt waits for one that is under way, in milliseconds. Default: 10 s. */
	readonly waitMs?: number;
	/** The largest outcome that is kept, in bytes. Default: 64 KiB. */
	readonly maxBytes?: number;
	/** Told when an outcome could not be kept. Default: the console. */
	readonly logger?: Logger;
}

/**
 * Answers a call that comes a second time with the outcome of the first, so that its effects happen once. Calls are
 * the same when they have the same id (`allium-call-id`, or an `Idempotency-Key` over HTTP), method and caller. A call
 * without an id passes through, and so do streams, events and methods that only read.
 *
 * - Replies and declared errors are kept; response metadata is not. After any other error, and after trouble such as
 *   `unavailable`, the next attempt runs again.
 * - While the first attempt is under way, another waits for it. After `waitMs` it fails with `aborted`, reason
 *   `call_in_progress`.
 * - A call with the id of another one but different input fails with `invalid_argument`, reason `key_reused`.
 * - A call whose reply was larger than `maxBytes` fails with `already_exists`, reason `reply_not_kept`, when it comes
 *   again.
 * - A process that crashes between the effect and the end of the handler leaves a mark that expires after `markMs`; then
 *   the next attempt runs again. Where that matters, the handler must be able to recognise its own effect.
 *
 * @throws RangeError for a duration that cannot be used.
 * @example
 * app.serve(Payments, payments, { middleware: [once({ store })] });
 */
export function once(options: OnceOptions = {}): Middleware {
	const { ttlMs = 24 * 60 * 60 * 1000, markMs = 10_000, waitMs = 10_000, maxBytes = 64 * 1024 } = options;
	checkDuration("ttlMs of once()", ttlMs, "positive");
	checkDuration("markMs of once()", markMs, "positive");
	checkDuration("waitMs of once()", waitMs);
	const logger = checkedLogger(options.logger ?? consoleLogger);
	const complete = { store: options.store ?? memoryOnceStore(), ttlMs, markMs, waitMs, maxBytes, logger };
	return (next, method) => {
		if (method.kind !== "unary" || method.effect === "read") return next;
		const calls = new OnceCalls(next, method, complete);
		return (input, ctx) => {
			const cause = causeOf(ctx);
			return cause === undefined ? next(input, ctx) : calls.answer(cause.id, input, ctx);
		};
	};
}

/** The calls of one method. */
class OnceCalls {
	readonly #next: Endpoint;
	readonly #method: Method;
	readonly #options: Required<OnceOptions>;
	readonly #outcomes: OnceOutcomes;
	/** The ends of the attempts under way in this process, which need not be polled for. */
	readonly #underWay = new Map<string, Promise<void>>();

	constructor(next: Endpoint, method: Method, options: Required<OnceOptions>) {
		this.#next = next;
		this.#method = method;
		this.#options = options;
		this.#outcomes = new OnceOutcomes(method, options.maxBytes);
	}

	async answer(id: string, input: unknown, ctx: Context): Promise<unknown> {
		const { store, markMs, waitMs } = this.#options;
		const key = sha256(JSON.stringify([this.#method.path, id, peerOf(ctx) ?? null]));
		const attempt = { id: uuidv7(), input: sha256(dataText(input)) };
		const patience = ctx.withTimeout(waitMs);
		const backoff = new Backoff({ firstMs: 20, longestMs: 500 });
		for (;;) {
			const known = await store.begin(key, attempt, markMs, ctx);
			if (known === undefined) {
				const mark = new OnceMark({ ...this.#options, method: this.#method, key, attempt }, ctx);
				return this.#run(mark, key, input);
			}
			if (known.input !== attempt.input) throw keyReused(this.#method);
			if (known.outcome !== undefined) return this.#again(known.outcome, ctx);
			await this.#changed(key, backoff.next(), patience).catch(() => {
				throw ctx.error ?? inProgress(this.#method);
			});
		}
	}

	/** Runs the handler, and ends the mark with its outcome. */
	async #run(mark: OnceMark, key: string, input: unknown): Promise<unknown> {
		const ended = Promise.withResolvers<void>();
		this.#underWay.set(key, ended.promise);
		try {
			const output = await this.#next(input, mark.ctx);
			await mark.end(this.#outcomes.ofReply(output));
			return output;
		} catch (error) {
			await mark.end(this.#outcomes.ofError(error));
			throw error;
		} finally {
			this.#underWay.delete(key);
			ended.resolve();
		}
	}

	/** The answer of the first attempt. The handler has run for this call, too. */
	#again(outcome: string, ctx: Context): unknown {
		const scope = ctx["~scope"];
		if (scope !== undefined) scope.reachedHandler = true;
		return this.#outcomes.read(outcome);
	}

	/** Resolves when the attempt under way may have ended. Rejects when the context ends. */
	async #changed(key: string, pollMs: number, ctx: Context): Promise<void> {
		const waiting = ctx.withCancel();
		const polled = sleep(pollMs, waiting.ctx);
		try {
			await Promise.race([polled, this.#underWay.get(key) ?? polled]);
		} finally {
			waiting.cancel();
		}
	}
}

function inProgress({ path }: Method): ServiceError {
	return new ServiceError({
		code: "aborted",
		reason: "call_in_progress",
		message: `this call of ${path} is under way already; ask again for its outcome`,
	});
}
