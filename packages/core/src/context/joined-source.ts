import type { ServiceError } from "../errors/service-error.ts";
import type { CancellationSource, Follower, Following } from "./cancellation.ts";

/** Joins two sources, and ends when the first of them ends. It listens to them only while somebody listens to it. */
export class JoinedSource implements CancellationSource {
	readonly deadline: number;
	readonly #one: CancellationSource;
	readonly #other: CancellationSource;

	constructor(one: CancellationSource, other: CancellationSource) {
		this.deadline = Math.min(one.deadline, other.deadline);
		this.#one = one;
		this.#other = other;
	}

	get error(): ServiceError | undefined {
		return this.#one.error ?? this.#other.error;
	}

	follow(follower: Follower): Following {
		const one = this.#one.follow(follower);
		const other = this.#other.follow(follower);
		return {
			stop() {
				one.stop();
				other.stop();
			},
		};
	}
}
