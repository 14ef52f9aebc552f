import type { Listener } from "@allium/core";
import { after, checkDuration } from "@allium/core/transport";
import type { Part } from "./part.ts";
import type { ProcessOptions } from "./process-options.ts";
import { within } from "./within.ts";

/** Opens one listener. */
export type Listen = () => Promise<Listener>;

/**
 * What a process listens with. When it drains, it accepts calls for `drainDelayMs` more, since callers learn only then
 * that it leaves. Calls in flight may take `gracePeriodMs` after that.
 */
export class Listeners implements Part {
	readonly name: string = "the port";
	readonly #listen: readonly Listen[];
	readonly #drainDelayMs: number;
	readonly #gracePeriodMs: number;
	readonly #listeners: Listener[] = [];
	#isOpen = false;

	/** @throws RangeError for a duration that cannot be. */
	constructor(listen: readonly Listen[], { drainDelayMs = 500, gracePeriodMs = 10_000 }: ProcessOptions) {
		this.#listen = listen;
		this.#drainDelayMs = checkDuration("drainDelayMs", drainDelayMs, "finite");
		this.#gracePeriodMs = checkDuration("gracePeriodMs", gracePeriodMs);
	}

	/** Whether all of them accept calls. */
	get isOpen(): boolean {
		return this.#isOpen;
	}

	/** Where the process can be reached, as URLs. */
	get addresses(): readonly string[] {
		return this.#listeners.flatMap(({ addresses }) => addresses);
	}

	async start(): Promise<void> {
		for (const listen of this.#listen) this.#listeners.push(await listen());
		this.#isOpen = true;
	}

	async drain(): Promise<void> {
		if (!this.#isOpen) return;
		await new Promise<void>((resolve) => after(this.#drainDelayMs, resolve));
		const drained = Promise.all(this.#listeners.map((listener) => listener.drain()));
		await within(this.#gracePeriodMs, drained);
	}

	async stop(): Promise<void> {
		this.#isOpen = false;
		await Promise.all(this.#listeners.map((listener) => listener.close()));
	}
}
