import { ServiceError } from "../../errors/service-error.ts";
import { LinkedList } from "../../transport/linked-list.ts";
import { clientClosed } from "../../transport/transport-errors.ts";
import type { HttpCall } from "./http-call.ts";

/** The calls over HTTP that one peer has in flight. */
export class HttpCalls {
	readonly #inFlight = new LinkedList<HttpCall>();

	/** Tracks a sent call to its end. Settles as the call does. */
	track(call: HttpCall): Promise<unknown> {
		if (call.isOver) return call.promise;
		const place = this.#inFlight.add(call);
		call.onOver = () => place.leave();
		call.listen();
		return call.promise;
	}

	/** Ends all calls because their client was closed. It is unknown whether they were executed. */
	close(): void {
		for (let call = this.#inFlight.shift(); call !== undefined; call = this.#inFlight.shift()) {
			const { code, reason, message } = clientClosed();
			call.abort(new ServiceError({ code, reason, message }));
		}
	}
}
