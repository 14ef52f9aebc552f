import type { ServiceError } from "../errors/service-error.ts";
import {
	type CancellationSource,
	cancellationError,
	type Follower,
	type Following,
	notFollowing,
} from "./cancellation.ts";

/** Joins a signal of the platform to a parent; listens to the signal only while somebody listens here. */
export class SignalSource implements CancellationSource {
	readonly deadline: number;
	readonly #parent: CancellationSource;
	readonly #signal: AbortSignal;

	constructor(parent: CancellationSource, signal: AbortSignal) {
		this.deadline = parent.deadline;
		this.#parent = parent;
		this.#signal = signal;
	}

	get error(): ServiceError | undefined {
		return this.#parent.error ?? (this.#signal.aborted ? cancellationError(this.#signal.reason) : undefined);
	}

	follow(follower: Follower): Following {
		const signal = this.#signal;
		if (signal.aborted) {
			follower.onEnd(cancellationError(signal.reason));
			return notFollowing;
		}
		const aborted = (): void => follower.onEnd(cancellationError(signal.reason));
		signal.addEventListener("abort", aborted);
		const parent = this.#parent.follow(follower);
		return {
			stop() {
				signal.removeEventListener("abort", aborted);
				parent.stop();
			},
		};
	}
}
