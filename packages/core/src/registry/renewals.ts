import { checkDuration } from "../time/duration.ts";
import { after, type Timer } from "../time/timer.ts";

/** How often the clock is read, as a share of the shortest time to live. */
const readingsPerTtl = 4;

/** How renewals are awaited. */
export interface RenewalsOptions {
	/** How long a key lasts after its last renewal, in milliseconds, unless the renewal says otherwise. */
	readonly ttlMs: number;
	/** Called with each key that was not renewed in time. The key is forgotten by then. */
	readonly expired: (key: string) => void;
}

interface Term {
	ttlMs: number;
	endsAt: number;
}

/**
 * Finds the keys that are not renewed any more, for registries whose server does not tell of expiry. Time is that of
 * this process since a renewal arrived here; clocks of machines are never compared. For authors of registries.
 *
 * A process that did not run cannot have heard renewals. When the clock has jumped, because the process was suspended
 * or busy, every key gets one more time to live. Likewise after `pause` and `resume`, between which there was no
 * connection. A connection that falls silent looks like the death of everybody: the adapter has to notice it within
 * the time to live, by pings for example, and to pause.
 *
 * There is one timer for all keys, and a renewal costs one look into a map.
 *
 * @example
 * const renewals = new Renewals({ ttlMs: 5_000, expired: (key) => view.delete(key) });
 * renewals.renewed(record.key); // for each heartbeat that arrives
 * renewals.close();
 */
export class Renewals {
	readonly #ttlMs: number;
	readonly #expired: (key: string) => void;
	readonly #terms = new Map<string, Term>();
	#timer: Timer | undefined;
	/** When the timer is due. */
	#dueAt = Number.POSITIVE_INFINITY;
	#state: "running" | "paused" | "closed" = "running";

	/** @throws RangeError when `ttlMs` is not above 0. */
	constructor({ ttlMs, expired }: RenewalsOptions) {
		this.#ttlMs = checkDuration("ttlMs of Renewals", ttlMs, "positive");
		this.#expired = expired;
	}

	/** Whether the key is awaited: it was renewed, and has neither expired nor been forgotten. */
	has(key: string): boolean {
		return this.#terms.has(key);
	}

	/**
	 * Notes that a renewal has arrived.
	 *
	 * @param ttlMs how long this key lasts from now on, in milliseconds. Infinity means until it is forgotten.
	 */
	renewed(key: string, ttlMs: number = this.#ttlMs): void {
		if (this.#state === "closed") return;
		const now = performance.now();
		const endsAt = now + ttlMs;
		const term = this.#terms.get(key);
		if (term === undefined) this.#terms.set(key, { ttlMs, endsAt });
		else {
			term.ttlMs = ttlMs;
			term.endsAt = endsAt;
		}
		if (this.#state === "running") this.#arm(nextReading(ttlMs, endsAt, now));
	}

	/** Awaits no more renewals of a key, because its instance has left. */
	forget(key: string): void {
		this.#terms.delete(key);
		if (this.#terms.size === 0) this.#disarm();
	}

	/** Forgets all keys, and leaves no timer. */
	clear(): void {
		this.#terms.clear();
		this.#disarm();
	}

	/** The connection is lost, so no renewal can arrive: no key expires until `resume`. */
	pause(): void {
		if (this.#state === "running") this.#state = "paused";
		this.#disarm();
	}

	/** The connection is back: every key has one time to live from now on. */
	resume(): void {
		if (this.#state !== "paused") return;
		this.#state = "running";
		this.#renewAll(performance.now());
		this.#read();
	}

	/** Forgets all keys for good. */
	close(): void {
		this.#state = "closed";
		this.clear();
	}

	/** Sets the timer, unless it is due earlier. */
	#arm(dueAt: number): void {
		if (dueAt >= this.#dueAt) return;
		this.#timer?.stop();
		this.#dueAt = dueAt;
		this.#timer = after(Math.ceil(dueAt - performance.now()), () => this.#onTime(dueAt));
	}

	#disarm(): void {
		this.#timer?.stop();
		this.#timer = undefined;
		this.#dueAt = Number.POSITIVE_INFINITY;
	}

	#onTime(dueAt: number): void {
		const now = performance.now();
		let shortestMs = Number.POSITIVE_INFINITY;
		for (const { ttlMs } of this.#terms.values()) shortestMs = Math.min(shortestMs, ttlMs);
		if (now - dueAt > shortestMs / readingsPerTtl) this.#renewAll(now);
		this.#disarm();
		this.#read();
	}

	#renewAll(now: number): void {
		for (const term of this.#terms.values()) term.endsAt = now + term.ttlMs;
	}

	/** Reports the keys that have expired, and sets the timer for the others. */
	#read(): void {
		const now = performance.now();
		let dueAt = Number.POSITIVE_INFINITY;
		for (const [key, { ttlMs, endsAt }] of this.#terms) {
			if (endsAt > now) dueAt = Math.min(dueAt, nextReading(ttlMs, endsAt, now));
			else {
				this.#terms.delete(key);
				this.#expired(key);
			}
		}
		if (this.#state === "running" && this.#terms.size > 0) this.#arm(dueAt);
	}
}

/** When the clock is to be read next on behalf of a key: soon enough to notice a jump, and when the key expires. */
function nextReading(ttlMs: number, endsAt: number, now: number): number {
	return Math.min(endsAt, now + ttlMs / readingsPerTtl);
}
