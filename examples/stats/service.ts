import type { Service } from "allium";
import type { Add } from "../addsvc/contract.ts";
import type { Stats } from "./contract.ts";

/**
 * Needs something that adds. It cannot tell whether that is the service itself or a client of it, because both have the
 * same type.
 */
export function statsService(add: Service<typeof Add>): Service<typeof Stats> {
	return {
		async mean({ numbers }, ctx) {
			let sum = 0;
			// The service cannot add two zeroes, and a zero changes nothing.
			for (const n of numbers) if (n !== 0) sum = (await add.sum({ a: sum, b: n }, ctx)).v;
			return { mean: Math.floor(sum / numbers.length) };
		},
	};
}
