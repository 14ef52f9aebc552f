import type { Service } from "allium";
import { Add, int32, maxLength } from "./contract.ts";

/** The business logic, and nothing else. */
export const addService: Service<typeof Add> = {
	async sum({ a, b }) {
		if (a === 0 && b === 0) throw Add.sum.error.two_zeroes();
		const v = a + b;
		if (v > int32.max || v < int32.min) throw Add.sum.error.int_overflow({ max: int32.max });
		return { v };
	},

	async concat({ a, b }) {
		const v = a + b;
		if (v.length > maxLength) throw Add.concat.error.max_size_exceeded();
		return { v };
	},

	async *primes({ upTo }, ctx) {
		const found: number[] = [];
		for (let n = 2; n <= upTo && ctx.error === undefined; n++) {
			if (!isPrime(n, found)) continue;
			found.push(n);
			yield { prime: n };
		}
	},
};

/** Whether no smaller prime divides it. */
function isPrime(n: number, smaller: readonly number[]): boolean {
	for (const prime of smaller) {
		if (prime * prime > n) return true;
		if (n % prime === 0) return false;
	}
	return true;
}
