/** How the calls of an open loop are spread: at even distances, or as independent callers come. */
export type ArrivalPattern = "even" | "poisson";

/** Tells when the next call is due, in milliseconds since the first might be. Never goes back. */
export type Arrivals = () => number;

/**
 * When calls are due.
 *
 * @param rate Calls a second.
 * @param pattern `poisson` draws the distances from an exponential distribution (`Math.random`), as those of many
 * callers who do not know of each other: bursts and gaps at the same mean rate.
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
