import type { Method } from "../contract/method.ts";
import type { Member } from "./member.ts";

/** The instances that a call may go to. A balancer is given the same arrays until something changes. */
export interface Candidates {
	/** Those that can be reached, as far as is known. */
	readonly reachable: readonly Member[];
	/** Those that the source lists, for when none can be. */
	readonly listed: readonly Member[];
	/** When to look again: the first pause of one that cannot be reached is over. */
	readonly until: number;
}

/** The instances that the calls of one method may go to, kept until the instances change. */
export class Choice {
	readonly method: Method;
	candidates: Candidates = { reachable: [], listed: [], until: 0 };
	/** The state of the instances in which they were found. */
	generation = -1;

	constructor(method: Method) {
		this.method = method;
	}
}

/**
 * Finds the instances to call: none that is unhealthy while half of all are healthy, and none that cannot be reached
 * while another can.
 *
 * @param held the ids of those that the source does not list any more.
 */
export function findCandidates(
	members: readonly Member[],
	held: ReadonlySet<string>,
	now: number,
): Candidates {
	const inService = healthyOf(members);
	const isReachable = ({ pausedUntil }: Member): boolean => now >= pausedUntil;
	const healthy = inService.filter(isReachable);
	// Rather one that is not healthy than one that cannot be reached.
	const reachable = healthy.length > 0 ? healthy : members.filter(isReachable);
	const listed = inService.filter(({ id }) => !held.has(id));
	let until = Number.POSITIVE_INFINITY;
	for (const { pausedUntil } of members) if (now < pausedUntil) until = Math.min(until, pausedUntil);
	return { reachable, listed, until };
}

/** Those that were not tried; undefined when there are none. */
export function but(tried: readonly string[], members: readonly Member[]): readonly Member[] | undefined {
	const untried = members.filter(({ id }) => !tried.includes(id));
	return untried.length > 0 ? untried : undefined;
}

/**
 * The members that say they are healthy; all of them, when these are fewer than half. What makes so many
 * unhealthy is rarely theirs alone, and the few others would not bear the load of all.
 *
 * After Envoy's panic threshold, and its default of 50%.
 */
function healthyOf(members: readonly Member[]): readonly Member[] {
	const healthy = members.filter(({ instance }) => instance.status === "up");
	return 2 * healthy.length >= members.length ? healthy : members;
}
