import { Context } from "../../context/context.ts";
import { errorText } from "../../errors/error-text.ts";
import type { Logger } from "../../logger/logger.ts";
import { Backoff } from "../../time/backoff.ts";
import { after, type Timer } from "../../time/timer.ts";
import type { GroupState } from "../group-state.ts";
import { attempt } from "./attempt.ts";

/** How often a member is renewed, as a share of its time to live. */
const renewalsPerTtl = 4;

/** Told when the member may have lost all that it holds, and when it can hold something again. */
export interface MembershipFollower {
	onLost(): void;
	onAlive(): void;
}

/** How a process takes part in groups. */
export interface MembershipOptions {
	readonly state: GroupState;
	readonly ttlMs: number;
	readonly logger: Logger;
}

/**
 * The member that this process is, in all groups of one state. It renews itself while it has followers. The time that
 * it may hold its lanes is measured from just before it sent a renewal, by the monotonic clock and by the wall clock.
 * The clock that went further counts, since the monotonic clock may stand still while the machine is suspended.
 */
export class Membership {
	readonly id: string = crypto.randomUUID();
	readonly #state: GroupState;
	readonly #ttlMs: number;
	readonly #logger: Logger;
	readonly #backoff: Backoff;
	readonly #followers = new Set<MembershipFollower>();
	/** When the latest renewal that arrived was sent. */
	#renewedAt = Number.NEGATIVE_INFINITY;
	#renewedAtWall = Number.NEGATIVE_INFINITY;
	#alive = false;
	#trouble: string | undefined;
	/** Ends the loop of renewals. */
	#stop: (() => void) | undefined;
	#expiry: Timer | undefined;

	constructor({ state, ttlMs, logger }: MembershipOptions) {
		this.#state = state;
		this.#ttlMs = ttlMs;
		this.#logger = logger;
		this.#backoff = new Backoff({ firstMs: ttlMs / 20, longestMs: ttlMs / renewalsPerTtl });
	}

	/** Why the member is not renewed. */
	get trouble(): string | undefined {
		return this.#trouble;
	}

	/** Whether all that it holds is its own for certain. Followers are told when it is not any more. */
	isAlive(): boolean {
		if (!this.#alive) return false;
		const isOver =
			performance.now() - this.#renewedAt >= this.#ttlMs || Date.now() - this.#renewedAtWall >= this.#ttlMs;
		if (isOver) this.#lose();
		return !isOver;
	}

	/** Keeps the member alive until the last follower stops. */
	follow(follower: MembershipFollower): () => void {
		this.#followers.add(follower);
		if (this.#followers.size === 1) this.#start();
		return () => {
			if (this.#followers.delete(follower) && this.#followers.size === 0) this.#end();
		};
	}

	/** Renews the member now. Rejects when the state does not answer. */
	async renew(ctx: Context): Promise<void> {
		const [sentAt, sentAtWall] = [performance.now(), Date.now()];
		await attempt(this.#ttlMs / 2, ctx, (ctx) => this.#state.renew(this.id, ctx));
		// Answers may overtake each other.
		if (sentAt < this.#renewedAt) return;
		this.#renewedAt = sentAt;
		this.#renewedAtWall = sentAtWall;
		if (this.#followers.size > 0) this.#live();
	}

	#live(): void {
		this.#expiry?.stop();
		this.#expiry = after(Math.ceil(this.#renewedAt + this.#ttlMs - performance.now()), () => this.isAlive());
		if (this.#alive) return;
		this.#alive = true;
		// The answer may have come too late.
		if (this.isAlive()) for (const follower of [...this.#followers]) follower.onAlive();
	}

	#lose(): void {
		this.#alive = false;
		this.#expiry?.stop();
		for (const follower of [...this.#followers]) follower.onLost();
	}

	#start(): void {
		const { ctx, cancel } = Context.background().withCancel();
		let timer: Timer | undefined;
		const next = async (): Promise<void> => {
			const delay = await this.#renewOrTell(ctx);
			if (ctx.error === undefined) timer = after(delay, next);
		};
		this.#stop = () => {
			cancel();
			timer?.stop();
		};
		void next();
	}

	#end(): void {
		this.#stop?.();
		this.#expiry?.stop();
		this.#alive = false;
	}

	/** Returns when to renew next. */
	async #renewOrTell(ctx: Context): Promise<number> {
		try {
			await this.renew(ctx);
		} catch (error) {
			if (ctx.error !== undefined) return 0;
			if (this.#trouble === undefined) {
				this.#logger.log("warn", "the state of groups does not answer; it is tried again", { error });
			}
			this.#trouble = `the state of groups does not answer: ${errorText(error)}`;
			return this.#backoff.next();
		}
		if (this.#trouble !== undefined) this.#logger.log("info", "the state of groups answers again");
		this.#trouble = undefined;
		this.#backoff.reset();
		return this.#ttlMs / renewalsPerTtl;
	}
}
