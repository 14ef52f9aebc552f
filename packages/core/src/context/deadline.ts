import type { ServiceError } from "../errors/service-error.ts";
import type { CallScope } from "./call-scope.ts";
import {
	Cancellation,
	type CancellationSource,
	type Ending,
	type EndListener,
	type Follower,
	type Following,
} from "./cancellation.ts";

/**
 * A parent with an earlier deadline. Nothing else ends it, so followers that watch the deadline themselves follow the
 * parent. A {@link Cancellation} is made for listeners.
 */
export class Deadline implements Ending {
	readonly parent: CancellationSource;
	/** When it ends, on the clock of `performance.now()`; sooner than the parent. */
	readonly deadline: number;
	readonly #scope: CallScope | undefined;
	#cancellation: Cancellation | undefined;

	constructor(parent: CancellationSource, deadline: number, scope?: CallScope) {
		this.parent = parent;
		this.deadline = deadline;
		this.#scope = scope;
	}

	get error(): ServiceError | undefined {
		if (this.#cancellation === undefined && performance.now() < this.deadline) return this.parent.error;
		return this.#watched().error;
	}

	get signal(): AbortSignal {
		return this.#watched().signal;
	}

	listen(listener: EndListener): () => void {
		return this.#watched().listen(listener);
	}

	follow(follower: Follower): Following {
		return this.parent.follow(follower);
	}

	#watched(): Cancellation {
		this.#cancellation ??= new Cancellation(this.parent, this.deadline, this.#scope);
		return this.#cancellation;
	}
}
