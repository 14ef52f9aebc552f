import { triedInstances } from "../balancer/tried-instances.ts";
import type { Context } from "../context/context.ts";
import { sleep } from "../context/sleep.ts";
import { type Method, takesStream } from "../contract/method.ts";
import { trusted } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { leave } from "../endpoint/leave-stream.ts";
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
	/** What keeps retries a small share of the calls; the same one for {@link hedge} where both are used. */
	readonly budget?: RetryBudgetOptions | RetryBudget;
}

/**
 * Tries again what failed with `unavailable`, after a random delay (full jitter), within a budget; never a
 * `write`, unless its handler provably never ran. A failure that never reached an instance, or an instance that
 * lacks the method, moves on to another at once, free of charge, once for each instance. What an instance shed before its handler moves on too, but
 * from the budget: where all are overloaded, a free failover would multiply the load. What a rate limit refused
 * does not, for another instance is no way around it. A stream is tried again only while nothing of it was
 * delivered, and never when its input is a stream.
 *
 * A callee's `retryAfterMs` is honoured, with jitter on top: otherwise all the callers that it sent away would come
 * back at the same moment.
 *
 * After gRFC A6 and Finagle's retry budgets.
 *
 * @throws RangeError when a delay is NaN or negative.
 */
export function retry(options: RetryOptions = {}): Middleware {
	const { firstDelayMs = 0, longestDelayMs = 0 } = options;
	checkDuration("firstDelayMs of retry()", firstDelayMs);
	checkDuration("longestDelayMs of retry()", longestDelayMs);
	// One budget for all methods: it protects the target, not the method.
	const budget = RetryBudget.of(options.budget);
	return trusted((next, method) => {
		if (takesStream(method.kind)) return next;
		const policy = new RetryPolicy(method, options, budget);
		const call: Endpoint = (input, ctx) => attempt(next, policy, input, ctx);
		return method.kind === "unary" ? call : (input, ctx) => attemptStream(next, policy, input, ctx);
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

	/** Milliseconds to wait before the next attempt; undefined for no further attempt. */
	delay(error: unknown, failures: Failures, ctx: Context): number | undefined {
		if (!isServiceError(error) || ctx.error !== undefined || !this.#mayRepeat(error)) return undefined;
		if (isFree(error) && failures.isFirstAt(triedInstances(ctx).at(-1))) return 0;
		if (isRefusal(error) || failures.tries >= this.#options.attempts) return undefined;
		const { firstDelayMs: firstMs, longestDelayMs: longestMs } = this.#options;
		const bound = backoffDelay({ firstMs, longestMs }, failures.tries);
		const asked = error.retryAfterMs ?? 0;
		// Never before the callee asked for; the longer that is, the wider the callers are spread.
		const delay = asked + Math.random() * Math.max(bound, asked / 4);
		// A delay without end is none to wait for, and Infinity times 0 is NaN.
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

/** Whether an attempt cost nobody anything: no instance took it in, or one lacks the method. */
function isFree(error: ServiceError): boolean {
	return (error.code === "unavailable" && error.notExecuted) || isRefusal(error);
}

/** Whether an instance refused a call for want of room, before its handler ran. */
function isShed({ code, notExecuted, reason }: ServiceError): boolean {
	return code === "resource_exhausted" && notExecuted && reason !== "rate_limited";
}

/** The failures of one call. */
class Failures {
	/** Tries in all, without the free failovers. */
	tries = 1;
	/** Where it failed over free of charge. */
	readonly #failedOver = new Set<string>();

	/** Whether an instance fails for the first time: each gets one free failover. */
	isFirstAt(instance: string | undefined): boolean {
		if (instance === undefined || this.#failedOver.has(instance)) return false;
		this.#failedOver.add(instance);
		return true;
	}
}

function attempt(next: Endpoint, policy: RetryPolicy, input: unknown, ctx: Context): Promise<unknown> {
	policy.budget.deposit();
	const again = (error: unknown): Promise<unknown> => attemptAgain(next, policy, input, ctx, error);
	try {
		return next(input, ctx).then(undefined, again);
	} catch (error) {
		return again(error);
	}
}

/** What happens when the first attempt has failed. */
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
		const delay = policy.delay(error, failures, ctx);
		if (delay === undefined) throw error;
		if (delay > 0) await sleep(delay, ctx);
		try {
			return await next(input, ctx);
		} catch (thrown) {
			error = thrown;
		}
	}
}

/** As `attempt`; besides, a stream that breaks before its first message is opened again. */
async function attemptStream(
	next: Endpoint,
	policy: RetryPolicy,
	input: unknown,
	ctx: Context,
): Promise<AsyncIterable<unknown>> {
	const failures = new Failures();
	policy.budget.deposit();
	const open = async (endpoint: Endpoint): Promise<AsyncIterator<unknown>> => {
		while (true) {
			try {
				return ((await endpoint(input, ctx)) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
			} catch (error) {
				await again(error);
			}
		}
	};
	const again = async (error: unknown): Promise<void> => {
		const delay = policy.delay(error, failures, ctx);
		if (delay === undefined) throw error;
		if (delay > 0) await sleep(delay, ctx);
	};
	let iterator = await open(next);
	const first = async (): Promise<IteratorResult<unknown>> => {
		while (true) {
			try {
				return await iterator.next();
			} catch (error) {
				await again(error);
				// Whoever bounds the acceptance has seen it already.
				const bound = ctx.get(acceptanceMs);
				iterator = await open(bound === undefined ? next : acceptance(next, bound));
			}
		}
	};
	let delivered = false;
	return {
		[Symbol.asyncIterator]: () => ({
			next() {
				if (delivered) return iterator.next();
				return first().then((result) => {
					delivered = true;
					return result;
				});
			},
			return: () => leave(iterator),
		}),
	};
}
