const slots = 10;

/** Counts the successes and failures of the latest milliseconds, in steps of a tenth of that window. */
export class RollingCount {
	readonly #slotMs: number;
	readonly #succeeded: number[] = new Array(slots).fill(0);
	readonly #failed: number[] = new Array(slots).fill(0);
	#slot: number;

	constructor(windowMs: number) {
		this.#slotMs = windowMs / slots;
		this.#slot = this.#now();
	}

	add(ok: boolean): void {
		this.#advance();
		const counts = ok ? this.#succeeded : this.#failed;
		const index = this.#slot % slots;
		counts[index] = (counts[index] ?? 0) + 1;
	}

	/** The totals of the window. */
	totals(): { succeeded: number; failed: number } {
		this.#advance();
		return { succeeded: sum(this.#succeeded), failed: sum(this.#failed) };
	}

	#now(): number {
		return Math.floor(performance.now() / this.#slotMs);
	}

	/** Forgets the counts that have left the window. */
	#advance(): void {
		const now = this.#now();
		for (let steps = Math.min(now - this.#slot, slots); steps > 0; steps--) {
			const index = (now - steps + 1) % slots;
			this.#succeeded[index] = 0;
			this.#failed[index] = 0;
		}
		this.#slot = now;
	}
}

function sum(counts: readonly number[]): number {
	return counts.reduce((total, count) => total + count, 0);
}
