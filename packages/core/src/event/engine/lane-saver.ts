import type { Context } from "../../context/context.ts";
import { sleep } from "../../context/sleep.ts";
import { isServiceError, ServiceError } from "../../errors/service-error.ts";
import { Backoff } from "../../time/backoff.ts";
import type { GroupStore, LaneLease } from "../group-state.ts";
import { attempt } from "./attempt.ts";
import type { Lane } from "./lane.ts";
import type { Membership } from "./membership.ts";
import type { UnsavedLanes } from "./unsaved-lanes.ts";

/** The options that the savers of all lanes of a group share. */
export interface LaneSaverOptions {
	readonly store: GroupStore;
	readonly membership: Membership;
	readonly ttlMs: number;
	/** Ends when nothing may be saved any more. */
	readonly ctx: Context;
	readonly unsaved: UnsavedLanes;
	/** Gives the lane up. */
	readonly lose: (lane: Lane, reason: ServiceError) => void;
}

/**
 * Saves one lane, one save at a time. After a save whose fate is not known, the lane is claimed again before the next,
 * so that the earlier one changes nothing if it arrives late.
 */
export class LaneSaver {
	readonly #lane: Lane;
	readonly #options: LaneSaverOptions;
	readonly #backoff = new Backoff({ firstMs: 50, longestMs: 1_000 });
	#saving: Promise<void> | undefined;
	#again = false;
	#isFateKnown = true;

	constructor(lane: Lane, options: LaneSaverOptions) {
		this.#lane = lane;
		this.#options = options;
	}

	/**
	 * Resolves once all that has changed until now is saved, or the lane is lost. What changes meanwhile waits for the
	 * next call: events that end one by one would otherwise be saved one by one, without a pause.
	 */
	save(): Promise<void> {
		if (this.#saving !== undefined) this.#again = true;
		// It ends later than it begins, even if there is nothing to be saved.
		else this.#saving = Promise.resolve().then(() => this.#saveAll());
		return this.#saving;
	}

	async #saveAll(): Promise<void> {
		try {
			do {
				this.#again = false;
				if (this.#isNeeded) await this.#saveOrWait();
			} while (this.#again);
		} finally {
			this.#saving = undefined;
		}
	}

	async #saveOrWait(): Promise<void> {
		const { store, membership, ttlMs, ctx, unsaved, lose } = this.#options;
		// Losing the membership gives all lanes up.
		if (!membership.isAlive()) return lose(this.#lane, leaseOver());
		const taken = this.#lane.takeUnsaved();
		try {
			if (!this.#isFateKnown) await this.#claimAgain();
			await attempt(ttlMs, ctx, (ctx) => store.save(this.#lane.lease, taken.change, ctx));
			this.#backoff.reset();
			unsaved.saved(this.#lane);
		} catch (error) {
			if (this.#lane.isLost) return;
			if (isServiceError(error) && error.reason === "lease_lost") return lose(this.#lane, error);
			this.#isFateKnown = false;
			this.#lane.putBack(taken);
			this.#again = true;
			unsaved.failed(this.#lane, error);
			await sleep(this.#backoff.next(), ctx).catch(() => {});
		}
	}

	async #claimAgain(): Promise<void> {
		const { store, ttlMs, ctx } = this.#options;
		const { lane, member, epoch } = this.#lane.lease;
		const lease: LaneLease | undefined = await attempt(ttlMs, ctx, (ctx) =>
			store.claim(lane, member, epoch, ctx),
		);
		if (lease === undefined) throw leaseOver();
		this.#lane.lease = lease;
		this.#isFateKnown = true;
	}

	get #isNeeded(): boolean {
		return this.#lane.isDirty && !this.#lane.isLost && this.#options.ctx.error === undefined;
	}
}

function leaseOver(): ServiceError {
	return new ServiceError({
		code: "unavailable",
		reason: "lease_lost",
		message:
			"this process may not hold the lane any more; its events are handled by whichever process claims it",
	});
}
