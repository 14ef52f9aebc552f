import { Deadlines, type Expiring, LinkedList, type Place } from "@allium/core/transport";

/** Ends the calls of a server at their deadlines, with one timer for all of them. */
export class CallDeadlines {
	readonly #calls = new LinkedList<Expiring>();
	readonly #deadlines = new Deadlines(() => this.#calls.all());

	/** Watches a call until the call is over and leaves. */
	add(call: Expiring): Place {
		this.#deadlines.watch(call.deadline);
		return this.#calls.add(call);
	}

	/** Ends the timer. */
	close(): void {
		this.#deadlines.stop();
	}
}
