import { RollingCount } from "./rolling-count.ts";

/** `closed` lets all calls through, `open` none, and `half_open` a few, to see whether the circuit may close. */
export type CircuitState = "closed" | "open" | "half_open";

/** When a circuit opens and closes. */
export interface CircuitOptions {
	/** The share of failures that opens the circuit. Default: 0.5. */
	readonly failureRatio?: number;
	/** The fewest calls within the window that can open the circuit. Default: 20. */
	readonly minimumCalls?: number;
	/** The length of the window that is judged, in milliseconds. Default: 10 s. */
	readonly windowMs?: number;
	/** How long the circuit stays open, in milliseconds. Default: 5 s. */
	readonly openMs?: number;
	/** How many calls in a row must succeed to close the circuit, after `openMs`. Default: 3. */
	readonly probes?: number;
}

/** How a call that was let through ended; `unknown` where that tells nothing about the callee. */
export type CircuitResult = "succeeded" | "failed" | "unknown";

/** A call that was let through. */
export interface Passage {
	/**
	 * The callee has accepted the call, and the call goes on, as a stream does. While the circuit is half open, this
	 * counts as a success for as long as the call goes on.
	 */
	accept(): void;
	/** The call has ended. */
	leave(result: CircuitResult): void;
}

/** One circuit. It decides from the results of earlier calls whether calls are let through. */
export class Circuit {
	readonly #options: Required<CircuitOptions>;
	readonly #onChange: (state: CircuitState) => void;
	#state: CircuitState = "closed";
	#count: RollingCount;
	#openUntil = 0;
	/**
	 * While half open: the number of admitted calls whose result is not known yet, and then the number of calls that
	 * succeeded and of accepted streams.
	 */
	#probing = 0;
	#proved = 0;
	/** Counts the changes, so that a call let through before one does not count after it. */
	#epoch = 0;
	/** While closed: the epoch in which the probes that closed the circuit succeeded. */
	#closedIn: number | undefined;

	constructor(options: CircuitOptions, onChange: (state: CircuitState) => void) {
		const defaults = { failureRatio: 0.5, minimumCalls: 20, windowMs: 10_000, openMs: 5_000, probes: 3 };
		this.#options = { ...defaults, ...options };
		this.#onChange = onChange;
		this.#count = new RollingCount(this.#options.windowMs);
	}

	/** Lets a call through, which must leave once. Returns undefined when the call is not let through. */
	enter(): Passage | undefined {
		if (this.#state === "open" && performance.now() >= this.#openUntil) this.#change("half_open");
		if (this.#state === "open") return undefined;
		if (this.#state === "half_open") {
			if (this.#probing + this.#proved >= this.#options.probes) return undefined;
			this.#probing++;
		}
		const epoch = this.#epoch;
		let accepted = false;
		return {
			accept: () => {
				accepted = true;
				if (epoch === this.#epoch && this.#state === "half_open") this.#probed("succeeded");
			},
			leave: (result) => {
				// The streams that closed the circuit go on, and count like streams that began since.
				const counts = epoch === this.#epoch || (accepted && this.#closedIn === epoch);
				if (counts) this.#leave(result, accepted);
			},
		};
	}

	#leave(result: CircuitResult, accepted: boolean): void {
		if (this.#state === "half_open") {
			if (accepted) this.#ended(result);
			else this.#probed(result);
		} else if (result !== "unknown") {
			this.#count.add(result === "succeeded");
			if (result === "failed" && this.#isBroken()) this.#change("open");
		}
	}

	#probed(result: CircuitResult): void {
		this.#probing--;
		if (result === "failed") this.#change("open");
		else if (result === "succeeded" && ++this.#proved >= this.#options.probes) {
			this.#closedIn = this.#epoch;
			this.#change("closed");
		}
	}

	/** A stream that counted as a success has ended. If its consumer left it, it proves nothing. */
	#ended(result: CircuitResult): void {
		if (result === "failed") this.#change("open");
		else if (result === "unknown") this.#proved--;
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
		if (state !== "closed") this.#closedIn = undefined;
		if (state === "open") this.#openUntil = performance.now() + this.#options.openMs;
		if (state === "closed") this.#count = new RollingCount(this.#options.windowMs);
		this.#onChange(state);
	}
}
