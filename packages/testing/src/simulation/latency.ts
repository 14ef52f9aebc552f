import { checkDuration } from "@allium/core/transport";

/** How long something takes, in milliseconds. It is drawn with numbers from `random`. */
export type Latency = (random: () => number) => number;

/** Always the same latency. */
export function constant(milliseconds: number): Latency {
	checkDuration("constant()", milliseconds, "finite");
	return () => milliseconds;
}

/** Any latency between the two bounds, with equal probability. */
export function uniform(low: number, high: number): Latency {
	checkDuration("the low end of uniform()", low, "finite");
	checkDuration("the high end of uniform()", high, "finite");
	return (random) => low + random() * (high - low);
}

/** Mostly near the median and sometimes far above it, as in real networks: one in a hundred takes `p99Ms` or more. */
export function logNormal(options: { readonly medianMs: number; readonly p99Ms: number }): Latency {
	checkDuration("medianMs of logNormal()", options.medianMs, "finite");
	checkDuration("p99Ms of logNormal()", options.p99Ms, "finite");
	const sigma = Math.log(options.p99Ms / options.medianMs) / 2.326;
	return (random) => {
		const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
		return options.medianMs * Math.exp(sigma * normal);
	};
}
