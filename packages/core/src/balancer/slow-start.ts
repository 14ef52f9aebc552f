import { checkDuration } from "../time/duration.ts";
import type { Balancer, Load } from "./balancer.ts";

/** How {@link slowStart} raises an instance's share. */
export interface SlowStartOptions {
	/** How long it takes until an instance gets its full share, in milliseconds. Default: 30 s. */
	readonly windowMs?: number;
	/** The part of its share that an instance gets at first. Default: 0.1. */
	readonly least?: number;
}

/**
 * Gives an instance that has just started a growing share of the calls, so that cold caches and compilers do not meet
 * the full load. Where all instances are new, as for a client that has just started, all get their full share.
 *
 * After the slow start mode of Envoy.
 *
 * @throws RangeError when `windowMs` is NaN or negative.
 */
export function slowStart<L extends Load>(
	balancer: Balancer<L>,
	options: SlowStartOptions = {},
): Balancer<L> {
	const { windowMs = 30_000, least = 0.1 } = options;
	checkDuration("windowMs of slowStart()", windowMs);
	/** When the instances that are still new joined, the oldest first. */
	const joinedAt = new Map<string, number>();
	const forgetOld = (now: number): void => {
		for (const [id, at] of joinedAt) {
			if (now - at < windowMs) return;
			joinedAt.delete(id);
		}
	};
	const share = (id: string, now: number): number => {
		const at = joinedAt.get(id);
		return at === undefined ? 1 : Math.max(least, (now - at) / windowMs);
	};
	return {
		join: (instance) => {
			const now = performance.now();
			forgetOld(now);
			joinedAt.delete(instance.id);
			joinedAt.set(instance.id, now);
			return balancer.join(instance);
		},
		pick: (candidates, ctx) => {
			const picked = balancer.pick(candidates, ctx);
			if (picked === undefined || joinedAt.size === 0) return picked;
			const now = performance.now();
			forgetOld(now);
			if (Math.random() < share(picked.instance.id, now)) return picked;
			const warm = candidates.filter(({ instance }) => !joinedAt.has(instance.id));
			return warm.length === 0 ? picked : balancer.pick(warm, ctx);
		},
	};
}
