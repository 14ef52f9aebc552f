import type { Balancer, Load } from "./balancer.ts";

/** How far an instance is behind its share. */
class Credit implements Load {
	credit = 0;
	start(): void {}
	end(): void {}
}

/**
 * Picks instances in turn, each as often as its weight says, spread evenly. An instance of weight 0 is picked only
 * when all have weight 0. Each pick looks at all instances.
 *
 * The smooth weighted round robin of nginx.
 */
export function weighted(): Balancer<Credit> {
	return {
		join: () => new Credit(),
		pick: (candidates) => {
			let [best] = candidates;
			let total = 0;
			for (const candidate of candidates) {
				const { weight } = candidate.instance;
				total += weight;
				candidate.load.credit += weight;
				if (best === undefined || candidate.load.credit > best.load.credit) best = candidate;
			}
			if (best !== undefined) best.load.credit -= total;
			return best;
		},
	};
}
