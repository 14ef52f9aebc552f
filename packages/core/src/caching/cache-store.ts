/** An answer that was kept. Plain JSON. */
export interface CacheEntry {
	/** The answer, as JSON. */
	readonly body: string;
	/** Until when it is fresh: milliseconds since 1970. */
	readonly freshUntil: number;
}

/** Where {@link cache} keeps answers: in memory by default, or shared between processes by an adapter. */
export interface CacheStore {
	/** What was kept under the key; undefined when it is not there any more. */
	get(key: string): CacheEntry | undefined | Promise<CacheEntry | undefined>;
	/** Keeps an answer, for at most so many milliseconds. */
	set(key: string, entry: CacheEntry, ttlMs: number): void | Promise<void>;
}
