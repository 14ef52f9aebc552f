import type { ServiceMiddleware } from "allium";
import type { Add } from "./contract.ts";

/** The counters of {@link counting}. */
export interface Counters {
	integersSummed: number;
	charactersConcatenated: number;
}

/**
 * A service middleware. It counts figures that only the business knows: integers summed and characters concatenated.
 */
export function counting(counters: Counters): ServiceMiddleware<typeof Add> {
	return (next) => ({
		...next,
		async sum(input, ctx) {
			const output = await next.sum(input, ctx);
			counters.integersSummed += 2;
			return output;
		},
		async concat(input, ctx) {
			const output = await next.concat(input, ctx);
			counters.charactersConcatenated += output.v.length;
			return output;
		},
	});
}
