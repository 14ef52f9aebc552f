/** Work that waits until there is room for it. */
export interface Job {
	readonly bytes: number;
	/** False when the job is no longer needed. It is then dropped without being run. */
	isWanted(): boolean;
	/** Does it. Never rejects. */
	run(): Promise<void>;
}

/** How many events of a group are handled at once, and how large they are together. A larger one is handled alone. */
export class Room {
	readonly #concurrency: number;
	readonly #bytes: number;
	readonly #waiting: Job[] = [];
	#running = 0;
	#runningBytes = 0;

	constructor({ concurrency, bytes }: { readonly concurrency: number; readonly bytes: number }) {
		this.#concurrency = concurrency;
		this.#bytes = bytes;
	}

	/** Does a job as soon as there is room, first come first. */
	offer(job: Job): void {
		this.#waiting.push(job);
		this.#fill();
	}

	#fill(): void {
		let [next] = this.#waiting;
		while (next !== undefined && (!next.isWanted() || this.#fits(next))) {
			this.#waiting.shift();
			if (next.isWanted()) void this.#run(next);
			[next] = this.#waiting;
		}
	}

	#fits({ bytes }: Job): boolean {
		if (this.#running === 0) return true;
		return this.#running < this.#concurrency && this.#runningBytes + bytes <= this.#bytes;
	}

	async #run(job: Job): Promise<void> {
		this.#running++;
		this.#runningBytes += job.bytes;
		await job.run();
		this.#running--;
		this.#runningBytes -= job.bytes;
		this.#fill();
	}
}
