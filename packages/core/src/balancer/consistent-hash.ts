import type { Context } from "../context/context.ts";
import { fnv1a } from "../encoding/fnv1a.ts";
import type { Instance } from "../registry/instance.ts";
import type { Balancer, Load } from "./balancer.ts";

/** The hash of an instance. */
class Place implements Load {
	readonly hash: number;

	constructor(instance: Instance) {
		this.hash = fnv1a(instance.id);
	}

	start(): void {}
	end(): void {}
}

/**
 * Picks the same instance for the same key, in every client. When instances come and go, only the keys of those move.
 * Respects weights. Calls without a key go to any instance. Each pick looks at all instances.
 *
 * Rendezvous hashing: Thaler and Ravishankar (1998), with weights after Mosharaf et al.
 *
 * @param key returns what groups calls, such as a tenant that the caller put into its context.
 */
export function consistentHash(key: (ctx: Context) => string | undefined): Balancer<Place> {
	return {
		join: (instance) => new Place(instance),
		pick: (candidates, ctx) => {
			const wanted = key(ctx);
			if (wanted === undefined) return candidates[Math.floor(Math.random() * candidates.length)];
			const hash = fnv1a(wanted);
			let [best] = candidates;
			let highest = Number.NEGATIVE_INFINITY;
			for (const candidate of candidates) {
				const score = candidate.instance.weight / -Math.log(uniform(hash, candidate.load.hash));
				if (score > highest) [best, highest] = [candidate, score];
			}
			return best;
		},
	};
}

/** A number between 0 and 1, both excluded, from two hashes: the finalizer of MurmurHash3. */
function uniform(one: number, other: number): number {
	let mixed = one ^ Math.imul(other, 0x9e3779b1);
	mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return (((mixed ^ (mixed >>> 16)) >>> 0) + 0.5) / 2 ** 32;
}
