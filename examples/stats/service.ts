import type { Service } from "allium";
import type { Add } from "../addsvc/contract.ts";
import type { Stats } from "./contract.ts";

/**
 * Needs somebody who adds. Whether that is the service itself or a client of it, it cannot tell, for both are
 * of the same type.
 */
export function statsService(add: Service<typeof Add>): Service<typeof Stats> {
	return {
		async mean({ numbers }, ctx) {
			let sum = 0;
			// Two zeroes cannot be added there; nothing has to be added for a zero.
			for (const n of numbers) if (n !== 0) sum = (await add.sum({ a: sum, b: n }, ctx)).v;
			return { mean: Math.floor(sum / numbers.length) };
		},
	};
}
