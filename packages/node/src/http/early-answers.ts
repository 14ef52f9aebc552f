import type { Place } from "@allium/core/transport";
import { Overdue } from "../server/overdue.ts";

/** How long a client may continue a request that was answered before it was complete, in milliseconds. */
const lateRequestMs = 5_000;

/** A request that may be answered before it is complete. */
export interface LateRequest {
	readonly isComplete: boolean;
	/** Reads the rest of the request, and drops it. */
	discard(): void;
	/** Calls back once the whole request has been read. */
	onEnd(listener: () => void): void;
	/** Ends it, unless it is complete. */
	cutShort(): void;
}

/**
 * Ends requests that were answered, by any part, before they were complete. The rest of the request is read and
 * dropped, because some clients read the answer only after they have sent everything. That lasts for a limited time.
 */
export class EarlyAnswers {
	readonly #late = new Overdue<LateRequest>(lateRequestMs, (request) => request.cutShort());

	/** A request has been answered. */
	answered(request: LateRequest): void {
		if (!request.isComplete) this.awaitEnd(request);
	}

	/** Reads the rest of a request that has no reader any more. `ended` is called when all of it has arrived. */
	awaitEnd(request: LateRequest, ended?: () => void): void {
		request.discard();
		const place: Place = this.#late.add(request);
		request.onEnd(() => {
			place.leave();
			ended?.();
		});
	}

	/** Forgets all requests, and ends the timer. */
	close(): void {
		this.#late.close();
	}
}
