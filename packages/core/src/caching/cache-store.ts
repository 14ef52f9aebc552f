/** An answer in a cache. Plain JSON. */
export interface CacheEntry {
	/** The answer, as JSON. */
	readonly body: string;
	/** The time until which it is fresh, in milliseconds since 1970. */
	readonly freshUntil: number;
}

/**
 * The store in which {@link cache} keeps answers. By default it is in memory; an adapter shares it between processes.
 */
export interface CacheStore {
	/** The answer under the key; undefined when it is no longer there. */
	get(key: string): CacheEntry | undefined | Promise<CacheEntry | undefined>;
	/** Keeps an answer for at most `ttlMs` milliseconds. */
	set(key: string, entry: CacheEntry, ttlMs: number): void | Promise<void>;
}
