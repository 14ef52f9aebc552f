import type { CacheEntry, CacheStore } from "../caching/cache-store.ts";
import { callKey } from "../caching/call-key.ts";
import { memoryCache } from "../caching/memory-cache.ts";
import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import { detachedCall } from "../endpoint/detached-call.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { stableJson } from "../json/stable-json.ts";
import { checkDuration } from "../time/duration.ts";

/** Which answers {@link cache} keeps, where, and for how long. */
export interface CacheOptions {
	/** How long an answer is fresh, in milliseconds. */
	readonly ttlMs: number;
	/** How long after that a stale answer is still returned while a new one is fetched, in milliseconds. Default: 0. */
	readonly staleMs?: number;
	/** The names of metadata that change the answer. `authorization` and `cookie` always do. */
	readonly vary?: readonly string[];
	/** The store that keeps answers. Default: 16 MiB in memory. */
	readonly store?: CacheStore;
	/** How long it may take to fetch a new answer while a stale one is given, in milliseconds. Default: 10 s. */
	readonly refreshTimeoutMs?: number;
}

/**
 * Answers calls of `read` methods with earlier answers. Calls share an answer when method, input, TLS identity,
 * `authorization`, `cookie` and the metadata named in `vary` are the same. Errors, response metadata and answers that
 * are not plain JSON are not kept. Streams and other methods pass through. A store that fails counts as a miss.
 *
 * `staleMs` is stale-while-revalidate of RFC 5861.
 *
 * @throws RangeError when a duration is NaN or negative.
 */
export function cache(options: CacheOptions): Middleware {
	const { ttlMs, staleMs = 0, refreshTimeoutMs = 0 } = options;
	checkDuration("ttlMs of cache()", ttlMs);
	checkDuration("staleMs of cache()", staleMs);
	checkDuration("refreshTimeoutMs of cache()", refreshTimeoutMs);
	const store = options.store ?? memoryCache();
	return (next, method) => {
		if (method.effect !== "read" || method.kind !== "unary") return next;
		const answers = new Answers(next, method, store, options);
		return (input, ctx) => answers.answer(input, ctx);
	};
}

/** The answers of one method. */
class Answers {
	readonly #next: Endpoint;
	readonly #method: Method;
	readonly #store: CacheStore;
	readonly #options: CacheOptions;
	/** The keys of stale answers that are being replaced. */
	readonly #refreshing = new Set<string>();

	constructor(next: Endpoint, method: Method, store: CacheStore, options: CacheOptions) {
		this.#next = next;
		this.#method = method;
		this.#store = store;
		this.#options = options;
	}

	async answer(input: unknown, ctx: Context): Promise<unknown> {
		const key = callKey(this.#method, input, ctx, this.#options.vary ?? []);
		if (key === undefined) return this.#next(input, ctx);
		const kept = await this.#get(key);
		if (kept === undefined) {
			const output = await this.#next(input, ctx);
			this.#keep(key, output);
			return output;
		}
		if (Date.now() >= kept.freshUntil) this.#refresh(key, input, ctx);
		return JSON.parse(kept.body);
	}

	async #get(key: string): Promise<CacheEntry | undefined> {
		try {
			return await this.#store.get(key);
		} catch {
			return undefined;
		}
	}

	#keep(key: string, output: unknown): void {
		const body = stableJson(output);
		if (body === undefined) return;
		const { ttlMs, staleMs = 0 } = this.#options;
		const entry = { body, freshUntil: Date.now() + ttlMs };
		// Nobody waits for the store. If it fails, the next call is a miss.
		Promise.try(() => this.#store.set(key, entry, ttlMs + staleMs)).catch(() => {});
	}

	/** Fetches a new answer, once at a time, however many callers get the stale one meanwhile. */
	#refresh(key: string, input: unknown, ctx: Context): void {
		if (this.#refreshing.has(key)) return;
		this.#refreshing.add(key);
		detachedCall(this.#next, input, ctx, this.#options.refreshTimeoutMs ?? 10_000)
			.then((output) => this.#keep(key, output))
			// The stale answer stays until it expires; after that, callers see the error themselves.
			.catch(() => {})
			.finally(() => this.#refreshing.delete(key));
	}
}
