import { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import { Backoff } from "../time/backoff.ts";
import { checkDuration } from "../time/duration.ts";
import { after, type Timer } from "../time/timer.ts";
import type { Instance } from "./instance.ts";
import type { Lease, Registry } from "./registry.ts";

/** The upper bound of the first wait before another try, in milliseconds. It doubles with every failure. */
const firstBackoffMs = 100;

/** The fields that may change while an instance is registered. */
export type RegistrationChange = Partial<Pick<Instance, "status" | "labels" | "weight">>;

/** How an instance is kept registered. */
export interface RegistrationOptions {
	/** Gets one line when the registry stops answering, and one when it answers again. */
	readonly logger: Logger;
	/** Bounds the first registration only. Default: a context that never ends. */
	readonly ctx?: Context;
}

/** An instance that is being kept in the registry until it is released. */
export interface Registration {
	/** The record as it should be in the registry. */
	readonly instance: Instance;
	/**
	 * Changes the record and sends it at once. When the registry does not accept it, this rejects, and the heartbeat
	 * keeps sending the changed record.
	 */
	update(change: RegistrationChange): Promise<void>;
	/**
	 * Stops the heartbeat and removes the instance. Never rejects: when the registry does not answer, that is logged,
	 * and the lease runs out by itself. A second call has no further effect.
	 */
	release(): Promise<void>;
}

/**
 * Registers an instance and renews its lease until it is released. Rejects when the first registration fails. Later
 * failures are retried without end.
 */
export async function keepRegistered(
	registry: Registry,
	instance: Instance,
	options: RegistrationOptions,
): Promise<Registration> {
	const lease = await registry.register(instance, options.ctx ?? Context.background());
	return new Heartbeat(registry, instance, lease, options.logger);
}

class Heartbeat implements Registration {
	readonly #registry: Registry;
	readonly #logger: Logger;
	readonly #ttlMs: number;
	#instance: Instance;
	/** Undefined when the instance has to be registered again. */
	#lease: Lease | undefined;
	#timer: Timer | undefined;
	/** The end of the queue: the registry gets one request at a time. */
	#last: Promise<void> = Promise.resolve();
	readonly #backoff: Backoff;
	#outage = false;
	#released: Promise<void> | undefined;

	constructor(registry: Registry, instance: Instance, lease: Lease, logger: Logger) {
		this.#registry = registry;
		this.#instance = instance;
		this.#logger = logger;
		this.#ttlMs = checkDuration("ttlMs of a lease", lease.ttlMs, "positive");
		this.#backoff = new Backoff({ firstMs: firstBackoffMs, longestMs: this.#ttlMs / 3 });
		this.#adopt(lease);
		if (this.#lease !== undefined) this.#scheduleRenewal();
	}

	get instance(): Instance {
		return this.#instance;
	}

	async update(change: RegistrationChange): Promise<void> {
		this.#instance = { ...this.#instance, ...change };
		await this.#enqueue();
	}

	release(): Promise<void> {
		this.#released ??= this.#release();
		return this.#released;
	}

	async #release(): Promise<void> {
		this.#timer?.stop();
		await this.#last;
		const lease = this.#lease;
		this.#abandon();
		try {
			if (lease !== undefined) await this.#limited(lease.release());
		} catch (error) {
			const message = `could not deregister; the lease runs out by itself within ${this.#ttlMs} ms`;
			this.#logger.log("warn", message, { error });
		}
	}

	#enqueue(): Promise<void> {
		const sent = this.#last.then(() => this.#send());
		this.#last = sent.catch(() => {});
		return sent;
	}

	async #send(): Promise<void> {
		if (this.#released !== undefined) {
			throw new ServiceError({ code: "failed_precondition", message: "the registration was released" });
		}
		this.#timer?.stop();
		try {
			await this.#limited(
				this.#lease === undefined ? this.#registerAgain() : this.#lease.update(this.#instance),
			);
		} catch (error) {
			this.#failed("the registry does not answer; trying on", error);
			throw error;
		}
		this.#succeeded();
	}

	async #registerAgain(): Promise<void> {
		const ctx = Context.background().withTimeout(this.#ttlMs);
		const lease = await this.#registry.register(this.#instance, ctx);
		// The registration may have been released while this waited.
		if (this.#released === undefined) this.#adopt(lease);
		else await lease.release();
	}

	#adopt(lease: Lease): void {
		this.#abandon();
		this.#lease = lease;
		if (lease.lost.aborted) this.#lost();
		else lease.lost.addEventListener("abort", this.#lost);
	}

	#abandon(): void {
		this.#lease?.lost.removeEventListener("abort", this.#lost);
		this.#lease = undefined;
	}

	readonly #lost = (): void => {
		this.#abandon();
		this.#failed("the registry lost the lease; the instance registers again");
	};

	#succeeded(): void {
		// The lease was lost in the meantime, and the next try is scheduled already.
		if (this.#lease === undefined) return;
		this.#backoff.reset();
		if (this.#outage) this.#logger.log("info", "the registry answers again; the instance is registered");
		this.#outage = false;
		this.#scheduleRenewal();
	}

	#failed(message: string, error?: unknown): void {
		if (!this.#outage) this.#logger.log("warn", message, error === undefined ? {} : { error });
		this.#outage = true;
		this.#schedule(this.#backoff.next());
	}

	/** Renews three times within the time to live. The jitter spreads instances that started together. */
	#scheduleRenewal(): void {
		this.#schedule((this.#ttlMs / 3) * (0.8 + 0.2 * Math.random()));
	}

	#schedule(delay: number): void {
		this.#timer?.stop();
		if (this.#released !== undefined) return;
		this.#timer = after(delay, () => {
			// Failures were logged, and have scheduled the next try.
			this.#enqueue().catch(() => {});
		});
	}

	/** The same promise, or an error when it has not settled within the time to live. */
	async #limited(promise: Promise<void>): Promise<void> {
		let timer: Timer | undefined;
		const limit = new Promise<never>((_, reject) => {
			timer = after(this.#ttlMs, () => {
				const message = `the registry did not answer within ${this.#ttlMs} ms`;
				reject(new ServiceError({ code: "unavailable", message }));
			});
		});
		try {
			await Promise.race([promise, limit]);
		} finally {
			timer?.stop();
		}
	}
}
