import { RollingCount } from "./rolling-count.ts";

/** `closed` lets calls through, `open` none, `half_open` a few to see whether it may close. */
export type CircuitState = "closed" | "open" | "half_open";

/** When a circuit opens and closes. */
export interface CircuitOptions {
	/** The share of failures that opens it. Default: 0.5. */
	readonly failureRatio?: number;
	/** Calls within the window below which nothing opens it. Default: 20. */
	readonly minimumCalls?: number;
	/** What is looked back on, in milliseconds. Default: 10 s. */
	readonly windowMs?: number;
	/** How long it stays open, in milliseconds. Default: 5 s. */
	readonly openMs?: number;
	/** How many calls in a row must succeed, once it has been open so long, to close it. Default: 3. */
	readonly probes?: number;
}

/** How a call that was let through ended; `unknown` where it says nothing of the callee. */
export type CircuitResult = "succeeded" | "failed" | "unknown";

/** One circuit: whether calls are let through, from how earlier ones ended. */
export class Circuit {
	readonly #options: Required<CircuitOptions>;
	readonly #onChange: (state: CircuitState) => void;
	#state: CircuitState = "closed";
	#count: RollingCount;
	#openUntil = 0;
	/** While half open: calls let through that have not ended, and those that succeeded. */
	#probing = 0;
	#proved = 0;
	/** Counts the changes, so that a call let through before one does not count after it. */
	#epoch = 0;

	constructor(options: CircuitOptions, onChange: (state: CircuitState) => void) {
		const defaults = { failureRatio: 0.5, minimumCalls: 20, windowMs: 10_000, openMs: 5_000, probes: 3 };
		this.#options = { ...defaults, ...options };
		this.#onChange = onChange;
		this.#count = new RollingCount(this.#options.windowMs);
	}

	/** Lets a call through: what to tell its result to, exactly once; undefined when it is not let through. */
	enter(): ((result: CircuitResult) => void) | undefined {
		if (this.#state === "open" && performance.now() >= this.#openUntil) this.#change("half_open");
		if (this.#state === "open") return undefined;
		if (this.#state === "half_open") {
			if (this.#probing + this.#proved >= this.#options.probes) return undefined;
			this.#probing++;
		}
		const epoch = this.#epoch;
		return (result) => {
			if (epoch === this.#epoch) this.#leave(result);
		};
	}

	#leave(result: CircuitResult): void {
		if (this.#state === "half_open") this.#probed(result);
		else if (result !== "unknown") {
			this.#count.add(result === "succeeded");
			if (result === "failed" && this.#isBroken()) this.#change("open");
		}
	}

	#probed(result: CircuitResult): void {
		this.#probing--;
		if (result === "failed") this.#change("open");
		else if (result === "succeeded" && ++this.#proved >= this.#options.probes) this.#change("closed");
	}

	#isBroken(): boolean {
		const { succeeded, failed } = this.#count.totals();
		const all = succeeded + failed;
		return all >= this.#options.minimumCalls && failed / all >= this.#options.failureRatio;
	}

	#change(state: CircuitState): void {
		this.#state = state;
		this.#epoch++;
		this.#probing = 0;
		this.#proved = 0;
		if (state === "open") this.#openUntil = performance.now() + this.#options.openMs;
		if (state === "closed") this.#count = new RollingCount(this.#options.windowMs);
		this.#onChange(state);
	}
}
