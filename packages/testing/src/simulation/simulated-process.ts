import type { Random } from "./random.ts";

/** One life of a node, from its start to its crash. Everything that it has scheduled dies with it. */
export class SimulatedProcess {
	/** The name of its node. */
	readonly name: string;
	readonly random: Random;
	/** When it started, in virtual milliseconds. Its `performance.now()` counts from there, as in a real process. */
	readonly startedAt: number;
	alive = true;
	/** The end of its pause, in virtual milliseconds. None of its code runs until then. */
	pausedUntil = 0;
	/** By how many milliseconds its wall clock is wrong. */
	clockSkewMs = 0;
	/** Ends its open objects when the simulation is over, so that nothing outside keeps them alive. */
	readonly disposers: (() => unknown)[] = [];
	readonly #crashListeners = new Set<(silent: boolean) => void>();

	constructor(name: string, random: Random, startedAt: number) {
		this.name = name;
		this.random = random;
		this.startedAt = startedAt;
	}

	/** Calls the listener when the process crashes. Returns a function that removes the listener. */
	onCrash(listener: (silent: boolean) => void): () => void {
		this.#crashListeners.add(listener);
		return () => this.#crashListeners.delete(listener);
	}

	crash(silent: boolean): void {
		if (!this.alive) return;
		this.alive = false;
		for (const listener of this.#crashListeners) listener(silent);
		this.#crashListeners.clear();
	}
}
