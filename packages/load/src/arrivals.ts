/** The distribution of an open loop's calls: at even intervals, or as independent callers arrive. */
export type ArrivalPattern = "even" | "poisson";

/** Returns when the next call is due, in milliseconds since the start of the load. It never decreases. */
export type Arrivals = () => number;

/**
 * Returns the times at which calls are due.
 *
 * @param rate Calls a second.
 * @param pattern `poisson` draws the intervals from an exponential distribution (`Math.random`), like those between many
 * independent callers: bursts and gaps at the same mean rate.
 */
export function arrivals(rate: number, pattern: ArrivalPattern): Arrivals {
	const distanceMs = 1_000 / rate;
	let index = 0;
	if (pattern === "even") return () => index++ * distanceMs;
	let at = 0;
	return () => {
		at -= Math.log(1 - Math.random()) * distanceMs;
		return at;
	};
}
