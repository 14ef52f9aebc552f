import { afterSilence, type Timer } from "@allium/core/transport";

/** An answer that takes longer than this share of the time to live comes from a server that hung. */
const promptShare = 1 / 4;
/** How long heartbeats that a server received while it hung may take to arrive after its answer, in milliseconds. */
export const settlingMs = 100;

/** Decides with the server. */
export interface OverdueHooks {
	/** Asks the server for an answer. False when none came in time. */
	answers(): Promise<boolean>;
	/** The server was silent, so the instance has one more time to live. */
	spare(name: string): void;
	/** The server is well, and no heartbeat came. */
	remove(name: string): void;
}

/**
 * The instances whose heartbeats stay away. A silent server looks like the death of everybody. So an instance is removed
 * only once the server has answered after its time was over, and no heartbeat followed the answer: a server that hung
 * reads its connections in any order when it goes on, and may answer this process before it reads the heartbeats of
 * others. Clients may even have to connect again, so everybody has one more time to live after a server was silent for
 * long.
 */
export class OverdueInstances {
	readonly #hooks: OverdueHooks;
	/** The time to live of each, in milliseconds. */
	readonly #ttls = new Map<string, number>();
	/** The question that is under way, until it is settled. */
	#question: object | undefined;
	#timer: Timer | undefined;

	constructor(hooks: OverdueHooks) {
		this.#hooks = hooks;
	}

	/** Notes that the time of an instance is over, which is `ttlMs` milliseconds. */
	add(name: string, ttlMs: number): void {
		this.#ttls.set(name, ttlMs);
		if (this.#question === undefined) void this.#ask();
	}

	/** Notes that an instance is alive, or has left. */
	delete(name: string): void {
		this.#ttls.delete(name);
	}

	/** Forgets all, and leaves no timer. */
	clear(): void {
		this.#ttls.clear();
		this.#question = undefined;
		this.#timer?.stop();
	}

	async #ask(): Promise<void> {
		const question = {};
		this.#question = question;
		const askedAt = performance.now();
		const answered = await this.#hooks.answers();
		if (this.#question !== question) return;
		const silentMs = answered ? performance.now() - askedAt : Number.POSITIVE_INFINITY;
		const names = [...this.#ttls.keys()];
		this.#timer = afterSilence(settlingMs, () => this.#settle(names, silentMs));
	}

	#settle(names: readonly string[], silentMs: number): void {
		this.#question = undefined;
		for (const name of names) {
			const ttlMs = this.#ttls.get(name);
			if (ttlMs === undefined) continue;
			this.#ttls.delete(name);
			if (silentMs > ttlMs * promptShare) this.#hooks.spare(name);
			else this.#hooks.remove(name);
		}
		if (this.#ttls.size > 0 && this.#question === undefined) void this.#ask();
	}
}
