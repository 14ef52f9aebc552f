import { ServiceError } from "../../errors/service-error.ts";
import { Deadlines } from "../../transport/deadlines.ts";
import { LinkedList, type Place } from "../../transport/linked-list.ts";
import { clientClosed } from "../../transport/transport-errors.ts";
import type { CallsInFlight, HttpCall } from "./http-call.ts";

/** The calls over HTTP that one peer has in flight. It ends them at their deadlines, with one timer for all of them. */
export class HttpCalls implements CallsInFlight {
	readonly #inFlight = new LinkedList<HttpCall>();
	readonly #deadlines = new Deadlines(() => this.#inFlight.all());

	/** Tracks a sent call to its end. Settles as the call does. */
	track(call: HttpCall): Promise<unknown> {
		if (call.isOver) return call.promise;
		call.follow(this, this.#inFlight.add(call));
		if (!call.isOver) this.#deadlines.watch(call.deadline);
		return call.promise;
	}

	left(place: Place): void {
		place.leave();
		// The timer would keep an idle process from ending.
		if (this.#inFlight.first === undefined) this.#deadlines.stop();
	}

	/** Ends all calls because their client was closed. It is unknown whether they were executed. */
	close(): void {
		for (let call = this.#inFlight.shift(); call !== undefined; call = this.#inFlight.shift()) {
			const { code, reason, message } = clientClosed();
			call.abort(new ServiceError({ code, reason, message }));
		}
	}
}
