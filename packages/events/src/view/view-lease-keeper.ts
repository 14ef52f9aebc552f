import { type Context, isServiceError, type ServiceError } from "@allium/core";
import type { ViewBuild, ViewBuildReport, ViewLease } from "@allium/core/store";
import { after, type Timer } from "@allium/core/transport";

const renewalsPerTtl = 4;

/**
 * Keeps a lease: renews it, and ends its context when the lease may be over. The time is measured from just before a
 * renewal was sent, by the monotonic clock and by the wall clock. The clock that went further counts, since the
 * monotonic clock may stand still while the machine is suspended.
 */
export class ViewLeaseKeeper {
	/** Ends when the lease is lost or given up. */
	readonly ctx: Context;
	readonly #build: ViewBuild;
	readonly #lease: ViewLease;
	readonly #ttlMs: number;
	readonly #cancellation: () => void;
	#renewedAt: number;
	#renewedAtWall: number;
	#timer: Timer | undefined;
	#trouble: string | undefined;

	/** @param claimedAt when the claim was sent, by `performance.now()`. */
	constructor(build: ViewBuild, lease: ViewLease, ttlMs: number, claimedAt: number, ctx: Context) {
		this.#build = build;
		this.#lease = lease;
		this.#ttlMs = ttlMs;
		this.#renewedAt = claimedAt;
		this.#renewedAtWall = Date.now() - (performance.now() - claimedAt);
		const { ctx: leased, cancel } = ctx.withCancel();
		this.ctx = leased;
		this.#cancellation = cancel;
		this.#wait();
	}

	/** Notes that an operation renewed the lease, and when it was sent. */
	renewed(sentAt: number): void {
		if (sentAt < this.#renewedAt) return;
		this.#renewedAt = sentAt;
		this.#renewedAtWall = Date.now() - (performance.now() - sentAt);
	}

	/** Renews the lease, and reports the holder's trouble to others; undefined for none. */
	async tell(trouble: string | undefined): Promise<void> {
		this.#trouble = trouble;
		await this.#renew();
	}

	stop(): void {
		this.#timer?.stop();
		this.#cancellation();
	}

	#wait(): void {
		this.#timer = after(this.#ttlMs / renewalsPerTtl, () => {
			if (this.ctx.error !== undefined) return;
			if (this.#isOver) return this.stop();
			this.#wait();
			// A batch that was applied meanwhile has renewed the lease.
			if (performance.now() - this.#renewedAt < this.#ttlMs / renewalsPerTtl / 2) return;
			this.#renew().catch(() => {});
		});
	}

	get #isOver(): boolean {
		return (
			performance.now() - this.#renewedAt >= this.#ttlMs || Date.now() - this.#renewedAtWall >= this.#ttlMs
		);
	}

	async #renew(): Promise<void> {
		const sentAt = performance.now();
		try {
			await this.#build.renew(this.#lease, this.#trouble, this.ctx.withTimeout(this.#ttlMs / 2));
			this.renewed(sentAt);
		} catch (error) {
			if (isLeaseLost(error)) this.stop();
			throw error;
		}
	}
}

export function isLeaseLost(error: unknown): error is ServiceError {
	return isServiceError(error) && error.reason === "lease_lost";
}

/** Tells when the holder of a build has been silent for long enough. Clocks of machines are never compared. */
export class HolderWatch {
	readonly #ttlMs: number;
	#seen: { readonly renewal: string; readonly since: number } | undefined;

	constructor(ttlMs: number) {
		this.#ttlMs = ttlMs;
	}

	/** Whether the build may be claimed, at this look. */
	isFree({ holder, renewal }: ViewBuildReport): boolean {
		if (holder === undefined) return true;
		const now = performance.now();
		if (this.#seen?.renewal !== renewal) this.#seen = { renewal, since: now };
		return now - this.#seen.since >= this.#ttlMs;
	}
}
