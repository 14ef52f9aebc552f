import { Cancellation, type EndListener, Listening } from "../context/cancellation.ts";
import type { Expiring } from "../transport/deadlines.ts";

/** An end whose deadline is watched by `Deadlines`, so that its listeners need no timer. */
export class WatchedEnd extends Cancellation implements Expiring {
	override listen(listener: EndListener): () => void {
		const following = this.follow(new Listening(listener));
		return () => following.stop();
	}

	onDeadline(): void {
		// Asking for the error ends it, since the time is over.
		void this.error;
	}
}
