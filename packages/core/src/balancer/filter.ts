import type { Instance } from "../registry/instance.ts";
import type { Balancer, Candidate, Load } from "./balancer.ts";

/** Whether an instance is wanted. */
export type InstanceFilter = (instance: Instance) => boolean;

/** Accepts the instances of a zone. */
export function inZone(zone: string): InstanceFilter {
	return (instance) => instance.zone === zone;
}

/** Accepts instances that serve a version of a contract: `"1"` is any 1.x.y, `"1.2"` any 1.2.x. */
export function withVersion(service: string, version: string): InstanceFilter {
	return ({ services }) =>
		services.some((served) => served.name === service && `${served.version}.`.startsWith(`${version}.`));
}

/** Accepts instances that have all of these labels. */
export function withLabels(labels: Readonly<Record<string, string>>): InstanceFilter {
	const wanted = Object.entries(labels);
	return (instance) => wanted.every(([name, value]) => instance.labels[name] === value);
}

/**
 * Balances over the wanted instances, and over all instances when no wanted one is left.
 *
 * @example
 * prefer(inZone("eu-1"), peakEwma())
 */
export function prefer<L extends Load>(filter: InstanceFilter, balancer: Balancer<L>): Balancer<L> {
	return filtered(filter, balancer, true);
}

/**
 * Balances over the wanted instances only: calls fail when there are none.
 *
 * @example
 * restrict(withVersion("add", "1.2"), peakEwma())
 */
export function restrict<L extends Load>(filter: InstanceFilter, balancer: Balancer<L>): Balancer<L> {
	return filtered(filter, balancer, false);
}

function filtered<L extends Load>(
	filter: InstanceFilter,
	balancer: Balancer<L>,
	elseAll: boolean,
): Balancer<L> {
	// A client passes the same array until its instances change.
	let from: readonly Candidate<L>[] = [];
	let kept: readonly Candidate<L>[] = [];
	const filterOnce = <C extends Candidate<L>>(candidates: readonly C[]): readonly C[] => {
		if (from !== candidates) {
			const wanted = candidates.filter(({ instance }) => filter(instance));
			kept = wanted.length === 0 && elseAll ? candidates : wanted;
			from = candidates;
		}
		return kept as readonly C[];
	};
	return {
		join: (instance) => balancer.join(instance),
		pick: (candidates, ctx) => balancer.pick(filterOnce(candidates), ctx),
	};
}
