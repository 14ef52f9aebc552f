import { triedInstances } from "../balancer/tried-instances.ts";
import type { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import { givesStream, type Method, takesStream } from "../contract/method.ts";
import { trusted } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { leave } from "../endpoint/leave-stream.ts";
import type { RelayedStream } from "../endpoint/observe-stream.ts";
import { isServiceError, type ServiceError } from "../errors/service-error.ts";
import { isRefusal } from "../errors/trouble.ts";
import { RetryBudget, type RetryBudgetOptions } from "../resilience/retry-budget.ts";
import { backoffDelay } from "../time/backoff.ts";
import { checkDuration } from "../time/duration.ts";
import { acceptance, acceptanceMs } from "./timeout.ts";

/** When and how often to try again. */
export interface RetryOptions {
	/** Tries in all, without the free failovers. Default: 3. */
	readonly attempts?: number;
	/** The bound of the first delay, in milliseconds; it doubles with each further one. Default: 25. */
	readonly firstDelayMs?: number;
	/** The bound of all delays, in milliseconds. Default: 1 s. */
	readonly longestDelayMs?: number;
	/** The budget that keeps retries a small share of the calls. Share it with {@link hedge} where both are used. */
	readonly budget?: RetryBudgetOptions | RetryBudget;
}

/**
 * Repeats a call that failed with `unavailable`, after a random delay (full jitter) and within a budget. It never
 * repeats a `write`, unless its handler provably never ran.
 *
 * A call that reached no instance, or an instance that lacks the method, moves on to another instance at once and
 * free of charge, once for each instance. A call that an instance shed before its handler ran moves on too, but at
 * the cost of the budget: where all instances are overloaded, a free failover would multiply the load. A call that a
 * rate limit refused does not move on, because another instance is no way around the limit. A stream is repeated
 * only while none of its messages was delivered, and never when its input is a stream.
 *
 * The delay is never shorter than the callee's `retryAfterMs`. Jitter on top of it keeps the callers that it sent
 * away from coming back at the same moment.
 *
 * After gRFC A6 and Finagle's retry budgets.
 *
 * @throws RangeError when a delay is NaN or negative.
 */
export function retry(options: RetryOptions = {}): Middleware {
	const { firstDelayMs = 0, longestDelayMs = 0 } = options;
	checkDuration("firstDelayMs of retry()", firstDelayMs);
	checkDuration("longestDelayMs of retry()", longestDelayMs);
	// All methods share one budget, because it protects the target and not the method.
	const budget = RetryBudget.of(options.budget);
	return trusted((next, method) => {
		if (takesStream(method.kind)) return next;
		const policy = new RetryPolicy(method, options, budget);
		if (givesStream(method.kind)) return (input, ctx) => attemptStream(next, policy, input, ctx);
		return retried(next, policy);
	});
}

/** Whether, and after how long, a failed attempt of one method is followed by another. */
class RetryPolicy {
	readonly #method: Method;
	readonly #options: Required<Omit<RetryOptions, "budget">>;
	readonly budget: RetryBudget;

	constructor(method: Method, { budget: _, ...options }: RetryOptions, budget: RetryBudget) {
		this.#method = method;
		this.#options = { attempts: 3, firstDelayMs: 25, longestDelayMs: 1_000, ...options };
		this.budget = budget;
	}

	/** Waits until the next attempt. Throws the error when there is none. */
	async wait(error: unknown, failures: Failures, ctx: Context): Promise<void> {
		const delay = this.#delay(error, failures, ctx);
		if (delay === undefined) throw error;
		if (delay > 0) await sleep(delay, ctx);
	}

	/** Milliseconds to wait before the next attempt; undefined for no further attempt. */
	#delay(error: unknown, failures: Failures, ctx: Context): number | undefined {
		if (!isServiceError(error) || ctx.error !== undefined || !this.#mayRepeat(error)) return undefined;
		if (isFree(error) && failures.isFirstAt(triedInstances(ctx).at(-1))) return 0;
		if (isRefusal(error) || failures.tries >= this.#options.attempts) return undefined;
		const { firstDelayMs: firstMs, longestDelayMs: longestMs } = this.#options;
		const bound = backoffDelay({ firstMs, longestMs }, failures.tries);
		const asked = error.retryAfterMs ?? 0;
		// Never sooner than the callee asks for. The longer that is, the wider the callers are spread.
		const delay = asked + Math.random() * Math.max(bound, asked / 4);
		// Written so that NaN, which is Infinity times 0, is no delay either.
		if (!(delay < ctx.remaining()) || !this.budget.withdraw()) return undefined;
		failures.tries++;
		return delay;
	}

	#mayRepeat(error: ServiceError): boolean {
		if (error.reason === "client_closed") return false;
		if (isFree(error) || isShed(error)) return true;
		if (this.#method.effect === "write") return false;
		return error.code === "unavailable" || error.retryAfterMs !== undefined;
	}
}

/** Whether an attempt cost nothing: no instance accepted it, or the instance lacks the method. */
function isFree(error: ServiceError): boolean {
	return (error.code === "unavailable" && error.notExecuted) || isRefusal(error);
}

/** Whether an instance had no room for a call, and refused it before its handler ran. */
function isShed({ code, notExecuted, reason }: ServiceError): boolean {
	return code === "resource_exhausted" && notExecuted && reason !== "rate_limited";
}

/** The failures of one call. */
class Failures {
	/** Tries in all, without the free failovers. */
	tries = 1;
	/** The instances that it left free of charge. */
	readonly #failedOver = new Set<string>();

	/** Whether an instance fails for the first time: each gets one free failover. */
	isFirstAt(instance: string | undefined): boolean {
		if (instance === undefined || this.#failedOver.has(instance)) return false;
		this.#failedOver.add(instance);
		return true;
	}
}

/** The call of a unary method: an attempt, and further ones while it fails. */
function retried(next: Endpoint, policy: RetryPolicy): Endpoint {
	return (input, ctx) => {
		policy.budget.deposit();
		const again = (error: unknown): Promise<unknown> => attemptAgain(next, policy, input, ctx, error);
		try {
			return next(input, ctx).then(undefined, again);
		} catch (error) {
			return again(error);
		}
	};
}

/** Makes the further attempts after the first has failed. */
async function attemptAgain(
	next: Endpoint,
	policy: RetryPolicy,
	input: unknown,
	ctx: Context,
	failure: unknown,
): Promise<unknown> {
	const failures = new Failures();
	let error = failure;
	while (true) {
		await policy.wait(error, failures, ctx);
		try {
			return await next(input, ctx);
		} catch (thrown) {
			error = thrown;
		}
	}
}

/** The call of a method that gives a stream. A stream that breaks before its first message is opened again, too. */
async function attemptStream(
	next: Endpoint,
	policy: RetryPolicy,
	input: unknown,
	ctx: Context,
): Promise<AsyncIterable<unknown>> {
	policy.budget.deposit();
	const failures = new Failures();
	const open = async (endpoint: Endpoint): Promise<AsyncIterator<unknown>> => {
		while (true) {
			try {
				const messages = (await endpoint(input, ctx)) as AsyncIterable<unknown>;
				return messages[Symbol.asyncIterator]();
			} catch (error) {
				await policy.wait(error, failures, ctx);
			}
		}
	};
	return new RetriedStream(await open(next), async (error) => {
		await policy.wait(error, failures, ctx);
		// The bound of the timeout ended when the first stream was accepted, so this one gets its own.
		const bound = ctx.get(acceptanceMs);
		return open(bound === undefined ? next : acceptance(next, bound));
	});
}

/** The stream that the caller reads. Once a message was delivered, it is the stream that was opened last. */
class RetriedStream implements RelayedStream {
	#iterator: AsyncIterator<unknown>;
	readonly #openAfter: (error: unknown) => Promise<AsyncIterator<unknown>>;
	"~rest": AsyncIterator<unknown> | undefined;

	/** @param openAfter opens the stream again after an error broke it. Rejects with the error when it may not. */
	constructor(
		iterator: AsyncIterator<unknown>,
		openAfter: (error: unknown) => Promise<AsyncIterator<unknown>>,
	) {
		this.#iterator = iterator;
		this.#openAfter = openAfter;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	next(): Promise<IteratorResult<unknown>> {
		return this["~rest"]?.next() ?? this.#first();
	}

	return(): Promise<IteratorResult<unknown>> {
		return leave(this.#iterator);
	}

	async #first(): Promise<IteratorResult<unknown>> {
		while (true) {
			try {
				const result = await this.#iterator.next();
				this["~rest"] = this.#iterator;
				return result;
			} catch (error) {
				this.#iterator = await this.#openAfter(error);
			}
		}
	}
}
