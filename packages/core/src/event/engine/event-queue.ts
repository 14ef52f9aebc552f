import type { EventInHand } from "./event-in-hand.ts";

/** Events that wait, the oldest first: a list through the events themselves. An event waits in one queue at a time. */
export class EventQueue {
	#first: EventInHand | undefined;
	#last: EventInHand | undefined;

	get first(): EventInHand | undefined {
		return this.#first;
	}

	push(event: EventInHand): void {
		if (this.#last === undefined) this.#first = event;
		else this.#last.next = event;
		this.#last = event;
	}

	shift(): EventInHand | undefined {
		const event = this.#first;
		if (event === undefined) return undefined;
		this.#first = event.next;
		if (this.#first === undefined) this.#last = undefined;
		event.next = undefined;
		return event;
	}
}
