/** The direction of bytes. Upstream is from the client to the server. */
export type Direction = "upstream" | "downstream";

/** The effect of a rule. */
export type FaultEffect =
	/** Bytes arrive later, by `delayMs` and a random part of `jitterMs` (default 0). Their order stays. */
	| { readonly fault: "delay"; readonly delayMs: number; readonly jitterMs?: number }
	/**
	 * Bytes wait until the rule is gone, as in a partition: TCP repeats what is lost on the way. A new connection is
	 * accepted, and reaches the server when the rule is gone.
	 */
	| { readonly fault: "stall" }
	/**
	 * Bytes vanish, and neither side is told. A connection that has lost bytes carries nothing more in that direction,
	 * even when the rule is gone. A new connection is accepted, and never reaches the server.
	 */
	| { readonly fault: "drop" }
	/** One bit of a chunk of bytes is flipped, with this probability. Default: 1. */
	| { readonly fault: "corrupt"; readonly probability?: number }
	/** At most `bytesPerSecond` pass on each connection. */
	| { readonly fault: "limit"; readonly bytesPerSecond: number }
	/** A new connection is reset as soon as it arrives. It concerns both directions. */
	| { readonly fault: "refuse" };

/** The connections to which a rule applies, and for how long. */
export interface FaultScope {
	/** Default: both. */
	readonly direction?: Direction;
	/** The connections that are open when the rule is added, those that come later, or all. Default: all. */
	readonly connections?: "all" | "current" | "new";
	/** The rule removes itself after this many milliseconds. Default: it stays until it is removed. */
	readonly forMs?: number;
}

/** A fault, and its scope, as plain data. */
export type FaultRule = FaultScope & FaultEffect;

/** The combined effect of several rules on a chunk of bytes. */
export interface Faults {
	readonly delayMs: number;
	readonly stalls: boolean;
	readonly drops: boolean;
	/** The probability that a chunk is corrupted. */
	readonly corruption: number;
	readonly bytesPerSecond: number;
}

/**
 * Combines the effects of rules.
 *
 * @param luck A number from 0 to 1 that decides the random part of delays.
 */
export function addUp(rules: Iterable<FaultEffect>, luck: number): Faults {
	let [delayMs, stalls, drops, sound, bytesPerSecond] = [0, false, false, 1, Number.POSITIVE_INFINITY];
	for (const rule of rules) {
		if (rule.fault === "delay") delayMs += rule.delayMs + luck * (rule.jitterMs ?? 0);
		else if (rule.fault === "stall") stalls = true;
		else if (rule.fault === "drop") drops = true;
		else if (rule.fault === "corrupt") sound *= 1 - (rule.probability ?? 1);
		else if (rule.fault === "limit") bytesPerSecond = Math.min(bytesPerSecond, rule.bytesPerSecond);
	}
	return { delayMs, stalls, drops, corruption: 1 - sound, bytesPerSecond };
}
