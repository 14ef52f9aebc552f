import type { Balancer, Load } from "./balancer.ts";

const nothing: Load = { start() {}, end() {} };

/** Picks the instances in turn. */
export function roundRobin(): Balancer {
	let turn = 0;
	return {
		join: () => nothing,
		pick: (candidates) => {
			turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
			return candidates[turn % candidates.length];
		},
	};
}
