import type { Logger } from "@allium/core";
import { Renewals } from "@allium/core/registry";
import { after, type Timer } from "@allium/core/transport";

/** The share of instances that must renew their leases. Below it, silence is taken for a fault of the network. */
const renewedShare = 0.85;
/** An instance is late if it has not renewed for this share of its lease: Eureka's clients renew three times in it. */
const lateShare = 2 / 3;
/** How often kept leases are examined again, in milliseconds. */
const lookAgainMs = 1_000;

interface Term {
	readonly durationMs: number;
	/** By `performance.now()`. */
	readonly renewedAt: number;
}

/** The options of `LeaseExpiry`. */
export interface LeaseExpiryOptions {
	/** Whether leases that ran out are kept while more than 15 % of the instances are silent. */
	readonly selfPreservation: boolean;
	readonly logger: Logger;
	/** Called with the key of each lease that ends. The lease is forgotten by then. */
	readonly expired: (key: string) => void;
}

/**
 * Ends leases that are not renewed. With self-preservation, it ends none while fewer than 85 % of the instances renew
 * theirs, because the network is then more likely to be at fault than the instances.
 */
export class LeaseExpiry {
	readonly #options: LeaseExpiryOptions;
	readonly #renewals: Renewals;
	readonly #terms = new Map<string, Term>();
	/** The leases that ran out, in that order. */
	readonly #lapsed = new Set<string>();
	#isPreserving = false;
	#timer: Timer | undefined;
	#isClosed = false;

	constructor(options: LeaseExpiryOptions) {
		this.#options = options;
		this.#renewals = new Renewals({
			ttlMs: Number.POSITIVE_INFINITY,
			// All leases that run out in one reading of the clock are judged together.
			expired: (key) => {
				this.#lapsed.add(key);
				this.#lookIn(0);
			},
		});
	}

	renewed(key: string, durationMs: number): void {
		this.#terms.set(key, { durationMs, renewedAt: performance.now() });
		this.#renewals.renewed(key, durationMs);
		this.#lapsed.delete(key);
	}

	/** Stops expecting renewals of a lease. */
	forget(key: string): void {
		this.#terms.delete(key);
		this.#renewals.forget(key);
		this.#lapsed.delete(key);
	}

	/** Ends the lease that ran out first, although it would be kept. Returns false if none ran out. */
	endOne(): boolean {
		const [key] = this.#lapsed;
		if (key !== undefined) this.#end(key);
		return key !== undefined;
	}

	close(): void {
		this.#isClosed = true;
		this.#timer?.stop();
		this.#renewals.close();
	}

	#lookIn(milliseconds: number): void {
		if (this.#isClosed) return;
		this.#timer?.stop();
		this.#timer = after(milliseconds, () => this.#look());
	}

	#look(): void {
		if (this.#lapsed.size > 0 && this.#isMostSilent()) {
			if (!this.#isPreserving) {
				this.#options.logger.log(
					"warn",
					"fewer than 85 % of the instances renew their leases: none ends until more do, in case the network is at fault",
					{ instances: this.#terms.size },
				);
			}
			this.#isPreserving = true;
			this.#lookIn(lookAgainMs);
			return;
		}
		if (this.#isPreserving) this.#options.logger.log("info", "leases end again", {});
		this.#isPreserving = false;
		for (const key of [...this.#lapsed]) this.#end(key);
	}

	#end(key: string): void {
		this.forget(key);
		this.#options.expired(key);
	}

	#isMostSilent(): boolean {
		if (!this.#options.selfPreservation) return false;
		const now = performance.now();
		let silent = 0;
		for (const { durationMs, renewedAt } of this.#terms.values()) {
			if (now - renewedAt > lateShare * durationMs) silent++;
		}
		return silent > (1 - renewedShare) * this.#terms.size;
	}
}
