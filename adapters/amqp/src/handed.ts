import type { HandlingError, Placed } from "@allium/core/event";

/** An event that the server has handed to this process, and that is not settled. */
export interface Handed {
	readonly placed: Placed;
	readonly text: string;
	readonly deliveryTag: number;
	/** When it came, by the monotonic clock, in milliseconds. */
	readonly came: number;
	readonly isReplay: boolean;
	/** The attempt that is next, or runs. The first is 1. */
	attempt: number;
	/** When it first failed, in milliseconds since 1970. */
	since: number | undefined;
	/** Why it failed last; undefined while it has not. */
	error: HandlingError | undefined;
}
