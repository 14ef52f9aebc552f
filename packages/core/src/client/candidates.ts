import { type Method, takesStream } from "../contract/method.ts";
import type { Member } from "./member.ts";

/** The instances that a call may go to. A balancer gets the same arrays until something changes. */
export interface Candidates {
	/** The instances that can be reached, as far as is known. */
	readonly reachable: readonly Member[];
	/** The instances that the source lists, for use when none can be reached. */
	readonly listed: readonly Member[];
	/** When to look again: the end of the first pause of an instance that cannot be reached. */
	readonly until: number;
}

/** The instances that the calls of one method may go to, kept until the instances change. */
export class Choice {
	readonly method: Method;
	/** Whether the input is a stream. */
	readonly takesStream: boolean;
	candidates: Candidates = { reachable: [], listed: [], until: 0 };
	/** The state of the instances for which they were found. */
	generation = -1;

	constructor(method: Method) {
		this.method = method;
		this.takesStream = takesStream(method.kind);
	}
}

/**
 * Finds the instances to call. It leaves out unhealthy instances while half of all are healthy, and instances that
 * cannot be reached while another can.
 *
 * @param held the ids of the instances that the source no longer lists.
 */
export function findCandidates(
	members: readonly Member[],
	held: ReadonlySet<string>,
	now: number,
): Candidates {
	const inService = healthyOf(members);
	const isReachable = ({ pausedUntil }: Member): boolean => now >= pausedUntil;
	const healthy = inService.filter(isReachable);
	// An unhealthy instance is better than one that cannot be reached.
	const reachable = healthy.length > 0 ? healthy : members.filter(isReachable);
	const listed = inService.filter(({ id }) => !held.has(id));
	let until = Number.POSITIVE_INFINITY;
	for (const { pausedUntil } of members) if (now < pausedUntil) until = Math.min(until, pausedUntil);
	return { reachable, listed, until };
}

/** How long instances are assumed to share an address, in milliseconds. Their addresses may change. */
const sharedMs = 1_000;

/**
 * As {@link findCandidates}, for instances that share an address, at which any of them may take a call. One of them
 * stands for all, so that calls are not balanced between identical ways.
 *
 * @returns undefined if every instance has an address that no other has.
 */
export function findShared(
	members: readonly Member[],
	held: ReadonlySet<string>,
	now: number,
): Candidates | undefined {
	const standing = new Map<string, Member>();
	for (const member of members) {
		const key = member.peer.sharedAddress ?? member.id;
		const before = standing.get(key);
		if (before === undefined || held.has(before.id)) standing.set(key, member);
	}
	if (standing.size === members.length) return undefined;
	const found = findCandidates([...standing.values()], held, now);
	return { ...found, until: Math.min(found.until, now + sharedMs) };
}

/** The members that were not tried; undefined when there are none. */
export function but(tried: readonly string[], members: readonly Member[]): readonly Member[] | undefined {
	const untried = members.filter(({ id }) => !tried.includes(id));
	return untried.length > 0 ? untried : undefined;
}

/**
 * The members that say they are healthy; all members when these are fewer than half. If more than half of them are
 * unhealthy, the cause is rarely in them, and the few others could not bear the whole load.
 *
 * After Envoy's panic threshold, and its default of 50%.
 */
function healthyOf(members: readonly Member[]): readonly Member[] {
	const healthy = members.filter(({ instance }) => instance.status === "up");
	return 2 * healthy.length >= members.length ? healthy : members;
}
