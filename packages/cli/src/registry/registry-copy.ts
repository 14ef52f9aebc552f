import type { Context, Instance, Logger, Registry } from "@allium/core";
import { instanceRecord, keepRegistered, type Registration } from "@allium/core/registry";
import { Backoff, sleep } from "@allium/core/transport";

/** The bounds of the wait after a registration that failed, in milliseconds. */
const bounds = { firstMs: 100, longestMs: 5_000 };
/** How long a first registration may take, in milliseconds. */
const patienceMs = 5_000;

/** The registry that gets the copies. */
export interface CopyTarget {
	readonly registry: Registry;
	readonly logger: Logger;
	/** Ends when the bridge does. */
	readonly ctx: Context;
}

/** One instance that is kept in another registry as it is in the first. */
export class RegistryCopy {
	readonly #target: CopyTarget;
	#wanted: Instance | undefined;
	#registration: Registration | undefined;
	#work: Promise<void> | undefined;

	constructor(target: CopyTarget) {
		this.#target = target;
	}

	/** Whether the other registry has it, as far as is known. */
	get isThere(): boolean {
		return this.#registration !== undefined;
	}

	/** Brings the other registry to this state. Undefined removes the instance. */
	set(instance: Instance | undefined): Promise<void> {
		this.#wanted = instance;
		this.#work ??= this.#run();
		return this.#work;
	}

	async #run(): Promise<void> {
		// Lets `set` store the promise before the work can end.
		await Promise.resolve();
		const backoff = new Backoff(bounds);
		while (!this.#isDone()) {
			try {
				await this.#step();
				backoff.reset();
			} catch (error) {
				const { logger, ctx } = this.#target;
				const fields = { id: this.#wanted?.id, error };
				if (backoff.failures === 0) logger.log("warn", "an instance cannot be registered; trying on", fields);
				await sleep(backoff.next(), ctx).catch(() => {});
			}
		}
		this.#work = undefined;
	}

	#isDone(): boolean {
		const [wanted, there] = [this.#wanted, this.#registration?.instance];
		if (wanted === undefined || this.#target.ctx.error !== undefined) return there === undefined;
		return there !== undefined && textOf(wanted) === textOf(there);
	}

	async #step(): Promise<void> {
		const { registry, logger, ctx } = this.#target;
		const [wanted, registration] = [this.#wanted, this.#registration];
		if (wanted === undefined || ctx.error !== undefined) {
			this.#registration = undefined;
			await registration?.release();
		} else if (registration === undefined) {
			const limited = ctx.withTimeout(patienceMs);
			this.#registration = await keepRegistered(registry, wanted, { logger, ctx: limited });
		} else if (isSimilar(wanted, registration.instance)) {
			const { status, labels, weight } = wanted;
			await registration.update({ status, labels, weight });
		} else {
			// A registration cannot change its addresses or contracts, so it is replaced.
			this.#registration = undefined;
			await registration.release();
		}
	}
}

/** Whether two records differ only in fields that a registration can change. */
function isSimilar(one: Instance, other: Instance): boolean {
	const { status, labels, weight } = other;
	return textOf({ ...one, status, labels, weight }) === textOf(other);
}

function textOf(instance: Instance): string {
	return instanceRecord(instance).text;
}
