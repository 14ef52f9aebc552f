import { forgetOldest } from "../collections/forget-oldest.ts";
import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";

/** How many calls {@link rateLimit} lets through. */
export interface RateLimitOptions {
	/** Calls a second in the long run; may be below 1. */
	readonly perSecond: number;
	/** Calls that may come at once after a pause. Default: `perSecond`, at least 1. */
	readonly burst?: number;
	/**
	 * Calls with equal keys share a limit: a tenant, for example, or an address. Default: all calls share one limit.
	 */
	readonly key?: (ctx: Context, method: Method, input: unknown) => string;
	/** The most keys that are remembered. The one unused for longest is forgotten first. Default: 10,000. */
	readonly maxKeys?: number;
}

/** Above the rounding error of times, in milliseconds. */
const tolerance = 1e-3;

/**
 * Refuses calls beyond a rate with `resource_exhausted`, reason `rate_limited`; `retryAfterMs` says when there is
 * room again. All methods that one `rateLimit(…)` wraps share its limit. A stream counts once.
 *
 * A token bucket, kept as one number for each key, after the generic cell rate algorithm (ITU-T I.371).
 *
 * @throws RangeError when an option is not a number above 0.
 */
export function rateLimit(options: RateLimitOptions): Middleware {
	const { perSecond, burst = Math.max(1, perSecond), key, maxKeys = 10_000 } = options;
	if (!(perSecond > 0 && burst >= 1 && maxKeys >= 1)) {
		throw new RangeError("rateLimit needs perSecond above 0, and burst and maxKeys of at least 1");
	}
	const buckets = new Buckets(1000 / perSecond, burst, maxKeys);
	return (next, method) => (input, ctx) => {
		const wait = buckets.take(key === undefined ? "" : key(ctx, method, input));
		return wait === 0 ? next(input, ctx) : Promise.reject(rateLimited(method, wait));
	};
}

/** A token bucket for each key. */
class Buckets {
	/** When each bucket is full again; the key used last is at the end. A key that is missing has a full bucket. */
	readonly #fullAt = new Map<string, number>();
	readonly #intervalMs: number;
	readonly #depthMs: number;
	readonly #maxKeys: number;

	constructor(intervalMs: number, burst: number, maxKeys: number) {
		this.#intervalMs = intervalMs;
		this.#depthMs = burst * intervalMs;
		this.#maxKeys = maxKeys;
	}

	/** Takes a token. Returns 0, or the milliseconds until a token is available. */
	take(key: string): number {
		const now = performance.now();
		const fullAt = Math.max(now, this.#fullAt.get(key) ?? now) + this.#intervalMs;
		const wait = fullAt - now - this.#depthMs;
		if (wait > tolerance) return wait;
		this.#fullAt.delete(key);
		this.#fullAt.set(key, fullAt);
		if (this.#fullAt.size > this.#maxKeys) forgetOldest(this.#fullAt);
		return 0;
	}
}

function rateLimited(method: Method, wait: number): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		reason: "rate_limited",
		message: `too many calls of ${method.path}`,
		retryAfterMs: Math.ceil(wait),
	});
}
