/** Runs a limited number of actions at once. The others wait for their turn, in the order in which they came. */
export class AtOnce {
	#free: number;
	readonly #waiting: (() => void)[] = [];

	constructor(most: number) {
		this.#free = most;
	}

	/** Runs an action at its turn; rejects when the action does. */
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
