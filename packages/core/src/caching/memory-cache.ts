import type { CacheEntry, CacheStore } from "./cache-store.ts";

/** How much {@link memoryCache} keeps. */
export interface MemoryCacheOptions {
	/** The limit on keys and answers together, in bytes. Default: 16 MiB. */
	readonly maxBytes?: number;
}

interface Kept {
	readonly entry: CacheEntry;
	readonly bytes: number;
	readonly expiresAt: number;
}

/** The approximate size of an entry without its text, in bytes. */
const overheadBytes = 200;

/** Keeps answers in this process. When they take too many bytes, it forgets those unused for longest. */
export function memoryCache(options: MemoryCacheOptions = {}): CacheStore {
	const { maxBytes = 16 * 1024 * 1024 } = options;
	/** The entry used last is at the end. */
	const entries = new Map<string, Kept>();
	let total = 0;
	const remove = (key: string, { bytes }: Kept): void => {
		entries.delete(key);
		total -= bytes;
	};
	return {
		get: (key) => {
			const kept = entries.get(key);
			if (kept === undefined) return undefined;
			entries.delete(key);
			entries.set(key, kept);
			if (performance.now() < kept.expiresAt) return kept.entry;
			remove(key, kept);
			return undefined;
		},
		set: (key, entry, ttlMs) => {
			const old = entries.get(key);
			if (old !== undefined) remove(key, old);
			// At most two bytes for each character.
			const bytes = 2 * (key.length + entry.body.length) + overheadBytes;
			if (bytes > maxBytes) return;
			entries.set(key, { entry, bytes, expiresAt: performance.now() + ttlMs });
			total += bytes;
			for (const [oldest, kept] of entries) {
				if (total <= maxBytes) return;
				remove(oldest, kept);
			}
		},
	};
}
