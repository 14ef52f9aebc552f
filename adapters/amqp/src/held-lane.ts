import { errorText } from "@allium/core";
import { after, Backoff, type Timer } from "@allium/core/transport";
import type { Handed } from "./handed.ts";
import type { LaneReader } from "./lane-reader.ts";

/** How a lane is held. */
export interface HeldLaneOptions {
	/** How many events are here at most, to begin with. */
	readonly prefetch: number;
	readonly open: (prefetch: number, onTooLarge: () => void) => Promise<LaneReader>;
}

/** A lane that this process reads until it gives it up: one reader after another, as connections come and go. */
export class HeldLane {
	/** Resolves when nothing of the lane is in hand any more. */
	readonly done: Promise<void>;
	readonly #options: HeldLaneOptions;
	readonly #backoff = new Backoff({ firstMs: 100, longestMs: 2_000 });
	#prefetch: number;
	#reader: LaneReader | undefined;
	#isWanted = true;
	#pause: { readonly timer: Timer; readonly end: () => void } | undefined;
	/** Why it cannot be read now. */
	trouble: string | undefined;

	constructor(options: HeldLaneOptions) {
		this.#options = options;
		this.#prefetch = options.prefetch;
		this.done = this.#work();
	}

	get here(): Iterable<Handed> {
		return this.#reader?.here ?? [];
	}

	/** Begins nothing more. Running events are finished. */
	release(): void {
		this.#stop();
		this.#reader?.release();
	}

	/** Ends at once. */
	close(): void {
		this.#stop();
		this.#reader?.close();
	}

	#stop(): void {
		this.#isWanted = false;
		this.#pause?.timer.stop();
		this.#pause?.end();
	}

	async #work(): Promise<void> {
		while (this.#isWanted) {
			const reader = await this.#opened();
			if (reader === undefined) continue;
			this.#reader = reader;
			if (!this.#isWanted) reader.release();
			await reader.ended;
			this.#reader = undefined;
		}
	}

	/** Undefined when it failed; then some time has passed. */
	async #opened(): Promise<LaneReader | undefined> {
		try {
			const reader = await this.#options.open(this.#prefetch, () => {
				this.#prefetch = Math.max(1, Math.floor(this.#prefetch / 2));
			});
			this.#backoff.reset();
			this.trouble = undefined;
			return reader;
		} catch (error) {
			this.trouble = errorText(error);
			if (this.#isWanted) await this.#wait(this.#backoff.next());
			return undefined;
		}
	}

	#wait(milliseconds: number): Promise<void> {
		return new Promise((resolve) => {
			this.#pause = { timer: after(milliseconds, resolve), end: resolve };
		});
	}
}
