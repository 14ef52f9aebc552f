import type { OpenStreams } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { after, checkDuration } from "@allium/core/transport";
import type { Part } from "./part.ts";
import type { ProcessOptions } from "./process-options.ts";
import { within } from "./within.ts";

/** Opens one listener. */
export type Listen = () => Promise<Listener>;

/**
 * What a process listens with. When it drains, it accepts calls for `drainDelayMs` more, since callers learn only then
 * that it leaves. After that, calls in flight may take `gracePeriodMs`, and streams `streamGraceMs`.
 */
export class Listeners implements Part {
	readonly name: string = "the port";
	readonly #listen: readonly Listen[];
	readonly #streams: OpenStreams;
	readonly #drainDelayMs: number;
	readonly #gracePeriodMs: number;
	readonly #streamGraceMs: number;
	readonly #listeners: Listener[] = [];
	#isOpen = false;

	/** @throws RangeError for a duration that cannot be. */
	constructor(listen: readonly Listen[], streams: OpenStreams, options: ProcessOptions) {
		const { drainDelayMs = 500, gracePeriodMs = 10_000, streamGraceMs = gracePeriodMs / 2 } = options;
		this.#listen = listen;
		this.#streams = streams;
		this.#drainDelayMs = checkDuration("drainDelayMs", drainDelayMs, "finite");
		this.#gracePeriodMs = checkDuration("gracePeriodMs", gracePeriodMs);
		this.#streamGraceMs = checkDuration("streamGraceMs", streamGraceMs);
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
		const timer = after(this.#streamGraceMs, () => this.#streams.end());
		try {
			await within(this.#gracePeriodMs, drained);
		} finally {
			timer.stop();
		}
	}

	async stop(): Promise<void> {
		this.#isOpen = false;
		await Promise.all(this.#listeners.map((listener) => listener.close()));
	}
}
