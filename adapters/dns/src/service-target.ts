import type { SrvRecord } from "node:dns";

/** An SRV record, and the addresses of its target. */
export interface ServiceTarget extends SrvRecord {
	readonly addresses: readonly string[];
}

/** The targets of the lowest number, which is the preferred priority, of which one has an address. */
export function preferredTargets(targets: readonly ServiceTarget[]): ServiceTarget[] {
	const present = targets.filter(({ addresses }) => addresses.length > 0);
	const first = present.reduce(
		(lowest, { priority }) => Math.min(lowest, priority),
		Number.POSITIVE_INFINITY,
	);
	return present.filter(({ priority }) => priority === first);
}

/**
 * The share of each target, relative to the mean of its priority. Some servers give each of n targets the weight 100/n;
 * relative to the mean, those weights stay the same when a target comes or goes.
 */
export function shares(targets: readonly ServiceTarget[]): (target: ServiceTarget) => number {
	const sums = new Map<number, { weight: number; count: number }>();
	for (const { priority, weight } of targets) {
		const sum = sums.get(priority) ?? { weight: 0, count: 0 };
		sums.set(priority, { weight: sum.weight + weight, count: sum.count + 1 });
	}
	return ({ priority, weight }) => {
		const sum = sums.get(priority);
		if (sum === undefined || sum.weight === 0) return 1;
		return Math.round((weight / (sum.weight / sum.count)) * 1_000) / 1_000;
	};
}
