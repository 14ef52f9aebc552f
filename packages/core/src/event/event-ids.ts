const mostInOneMs = 0xfff;

/**
 * Makes the ids of events: UUIDs of version 7, each greater than the one before, so that indexes by id grow at their
 * end. Behind the time they have a counter of 12 bits. After RFC 9562, section 6.2, method 1.
 */
export class EventIds {
	#lastMs = 0;
	/** The time as an id begins with it: it is the same for all ids of a millisecond. */
	#prefix = "";
	#count = 0;

	next(): string {
		this.#tick(Date.now());
		const count = this.#count.toString(16).padStart(3, "0");
		// Bits from the platform's generator of version 4: the simulator can then repeat them.
		return `${this.#prefix}${count}${crypto.randomUUID().slice(18)}`;
	}

	/** When a millisecond has no place left, or the clock was set back, the time of ids runs ahead of the clock. */
	#tick(now: number): void {
		if (now <= this.#lastMs && this.#count < mostInOneMs) {
			this.#count++;
			return;
		}
		this.#lastMs = Math.max(now, this.#lastMs + 1);
		const time = this.#lastMs.toString(16).padStart(12, "0");
		this.#prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
		this.#count = 0;
	}
}
