import type { Random } from "./random.ts";

/** One life of a node, from its start to its crash. What it has scheduled dies with it. */
export class SimulatedProcess {
	/** The name of its node. */
	readonly name: string;
	readonly random: Random;
	/** When it started, in virtual milliseconds: its `performance.now()` counts from there, as processes' do. */
	readonly startedAt: number;
	alive = true;
	/** What was opened here, ended when the simulation is over so that nothing outside holds on to it. */
	readonly disposers: (() => unknown)[] = [];
	readonly #crashListeners = new Set<(silent: boolean) => void>();

	constructor(name: string, random: Random, startedAt: number) {
		this.name = name;
		this.random = random;
		this.startedAt = startedAt;
	}

	/** Calls back when it crashes. Returns what stops that. */
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
