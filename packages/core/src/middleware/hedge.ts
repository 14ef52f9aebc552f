import type { Context } from "../context/context.ts";
import { ResponseMetadata } from "../context/response.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { isServiceError } from "../errors/service-error.ts";
import { LatencyQuantile } from "../resilience/latency-quantile.ts";
import { RetryBudget, type RetryBudgetOptions } from "../resilience/retry-budget.ts";
import { checkDuration } from "../time/duration.ts";
import { after, type Timer } from "../time/timer.ts";

/** When {@link hedge} calls a second time. */
export interface HedgeOptions {
	/**
	 * How long to wait for the first answer, in milliseconds. Default: the method's own 95th percentile; until 32
	 * calls are known, no second call is made. Infinity: never a second call.
	 */
	readonly afterMs?: number;
	/** The budget that keeps second calls a small share. Share it with {@link retry} where both are used. */
	readonly budget?: RetryBudgetOptions | RetryBudget;
}

/**
 * Calls another instance when the first takes unusually long, takes the first answer and cancels the other call; so
 * one slow instance does not make the slowest calls slow. Only for methods without side effects (`read`,
 * `idempotent`), within a budget, and never for streams. For a client, inside of `retry`.
 *
 * After Dean and Barroso, "The Tail at Scale" (2013), and gRFC A6.
 *
 * @throws RangeError when `afterMs` is NaN or negative.
 */
export function hedge(options: HedgeOptions = {}): Middleware {
	if (options.afterMs !== undefined) checkDuration("afterMs of hedge()", options.afterMs);
	const budget = RetryBudget.of(options.budget);
	// The owner of a shared budget counts the calls in it.
	const isShared = budget === options.budget;
	return (next, method) => {
		if (method.kind !== "unary" || method.effect === "write") return next;
		const latencies = new LatencyQuantile(0.95);
		return (input, ctx) => {
			if (!isShared) budget.deposit();
			const afterMs = options.afterMs ?? latencies.value;
			const startedAt = performance.now();
			const answer =
				afterMs === undefined || afterMs >= ctx.remaining()
					? next(input, ctx)
					: new Hedged(next, input, ctx).run(afterMs, budget);
			if (options.afterMs !== undefined) return answer;
			return answer.then((output) => {
				latencies.add(performance.now() - startedAt);
				return output;
			});
		};
	};
}

/** One call that may be made twice. */
class Hedged {
	readonly #next: Endpoint;
	readonly #input: unknown;
	readonly #caller: Context;
	readonly #result = Promise.withResolvers<unknown>();
	readonly #cancels: (() => void)[] = [];
	#running = 0;
	#timer: Timer | undefined;

	constructor(next: Endpoint, input: unknown, caller: Context) {
		this.#next = next;
		this.#input = input;
		this.#caller = caller;
	}

	run(afterMs: number, budget: RetryBudget): Promise<unknown> {
		this.#attempt();
		this.#timer = after(afterMs, () => {
			if (this.#caller.error === undefined && budget.withdraw()) this.#attempt();
		});
		return this.#result.promise;
	}

	#attempt(): void {
		const received = new ResponseMetadata();
		const { ctx, cancel } = this.#caller.withCancel();
		const own = ctx["~with"]({ received });
		this.#cancels.push(cancel);
		this.#running++;
		Promise.try(this.#next, this.#input, own).then(
			(output) => {
				this.#settle(cancel, received);
				this.#result.resolve(output);
			},
			(error) => {
				this.#running--;
				// The other call may still answer, unless this error is the callee's answer.
				if (this.#running > 0 && isServiceError(error) && isRepeatable(error)) return;
				this.#settle(cancel, received);
				this.#result.reject(error);
			},
		);
	}

	/** The first to end decides the call; the other is discarded. */
	#settle(winner: () => void, received: ResponseMetadata): void {
		this.#timer?.stop();
		for (const cancel of this.#cancels.splice(0)) if (cancel !== winner) cancel();
		this.#caller["~received"]?.["~adopt"](received);
	}
}

function isRepeatable({ code }: { readonly code: string }): boolean {
	return code === "unavailable" || code === "resource_exhausted" || code === "deadline_exceeded";
}
