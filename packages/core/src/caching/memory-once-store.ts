import { ServiceError } from "../errors/service-error.ts";
import type { OnceAttempt, OnceStore } from "./once-store.ts";

/** How much {@link memoryOnceStore} keeps. */
export interface MemoryOnceStoreOptions {
	/** The limit on all that is kept, in bytes. Default: 16 MiB. */
	readonly maxBytes?: number;
}

interface Kept {
	readonly attempt: OnceAttempt;
	readonly outcome: string | undefined;
	readonly bytes: number;
	expiresAt: number;
}

/** The approximate size of an entry without its outcome, in bytes. */
const overheadBytes = 600;

/**
 * Keeps what became of calls in this process: for tests, and for services that run as one process and whose effects end
 * with it. When it takes too many bytes, it forgets the calls that ended first: another attempt at one of these runs
 * again.
 */
export function memoryOnceStore({ maxBytes = 16 * 1024 * 1024 }: MemoryOnceStoreOptions = {}): OnceStore {
	return new MemoryOnceStore(maxBytes);
}

class MemoryOnceStore implements OnceStore {
	/** The call that ended last is at the end. */
	readonly #calls = new Map<string, Kept>();
	readonly #maxBytes: number;
	#bytes = 0;

	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes;
	}

	async begin(key: string, attempt: OnceAttempt, markMs: number) {
		const known = this.#find(key);
		if (known !== undefined) return { input: known.attempt.input, outcome: known.outcome };
		this.#makeRoom(overheadBytes);
		this.#set(key, { attempt, outcome: undefined, bytes: overheadBytes, expiresAt: timeIn(markMs) });
		return undefined;
	}

	async renew(key: string, attempt: OnceAttempt, markMs: number) {
		const known = this.#find(key);
		if (known === undefined || !isMark(known, attempt)) return false;
		known.expiresAt = timeIn(markMs);
		return true;
	}

	async end(key: string, attempt: OnceAttempt, outcome: string, ttlMs: number) {
		const known = this.#find(key);
		if (known !== undefined && !isMark(known, attempt)) return false;
		this.#remove(key);
		// At most two bytes for each character.
		const bytes = overheadBytes + 2 * outcome.length;
		this.#makeRoom(bytes);
		this.#set(key, { attempt, outcome, bytes, expiresAt: timeIn(ttlMs) });
		return true;
	}

	async abandon(key: string, attempt: OnceAttempt) {
		const known = this.#find(key);
		if (known !== undefined && isMark(known, attempt)) this.#remove(key);
	}

	async close() {}

	#find(key: string): Kept | undefined {
		const known = this.#calls.get(key);
		if (known === undefined || performance.now() < known.expiresAt) return known;
		this.#remove(key);
		return undefined;
	}

	#set(key: string, kept: Kept): void {
		this.#calls.set(key, kept);
		this.#bytes += kept.bytes;
	}

	#remove(key: string): void {
		this.#bytes -= this.#calls.get(key)?.bytes ?? 0;
		this.#calls.delete(key);
	}

	/** @throws ServiceError `resource_exhausted` when calls that are under way take all the room. */
	#makeRoom(bytes: number): void {
		if (this.#bytes + bytes <= this.#maxBytes) return;
		const now = performance.now();
		for (const [key, { outcome, expiresAt }] of this.#calls) {
			if (outcome === undefined && now < expiresAt) continue;
			this.#remove(key);
			if (this.#bytes + bytes <= this.#maxBytes) return;
		}
		throw new ServiceError({
			code: "resource_exhausted",
			reason: "once_store_full",
			message: `the store of once() has room for ${this.#maxBytes} bytes, and calls that are under way take them`,
		});
	}
}

function isMark({ attempt, outcome }: Kept, { id }: OnceAttempt): boolean {
	return outcome === undefined && attempt.id === id;
}

function timeIn(milliseconds: number): number {
	return performance.now() + milliseconds;
}
