import type { Balancer, Load } from "./balancer.ts";

/** How far behind its share an instance is. */
class Credit implements Load {
	credit = 0;
	start(): void {}
	end(): void {}
}

/**
 * Takes instances in turn, each as often as its weight says, spread evenly. One of weight 0 is taken only when
 * all are. Looks at all instances for each pick.
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
