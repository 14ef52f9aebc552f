import type { Balancer, Load } from "./balancer.ts";

const nothing: Load = { start() {}, end() {} };

/** Picks any instance. */
export function random(): Balancer {
	return {
		join: () => nothing,
		pick: (candidates) => candidates[Math.floor(Math.random() * candidates.length)],
	};
}
