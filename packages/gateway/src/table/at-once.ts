/** Lets some go on at once, and the others wait for their turn, the first that came first. */
export class AtOnce {
	#free: number;
	readonly #waiting: (() => void)[] = [];

	constructor(most: number) {
		this.#free = most;
	}

	/** Runs an action when it is its turn; rejects as it does. */
	async run<Result>(action: () => Promise<Result>): Promise<Result> {
		if (this.#free > 0) this.#free--;
		else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
		try {
			return await action();
		} finally {
			const next = this.#waiting.shift();
			if (next === undefined) this.#free++;
			else next();
		}
	}
}
