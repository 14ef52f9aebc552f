import type { Context } from "../context/context.ts";
import { checkDuration } from "../time/duration.ts";

/** The facts that a check found out, for operations, such as `{ version: "17.2" }`. */
export type HealthFacts = Readonly<Record<string, string>>;

/**
 * Examines something that the process needs. It fails by throwing. Pass the context on, so that a check that takes
 * too long is cancelled.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a check without facts returns nothing
export type Check = (ctx: Context) => Promise<HealthFacts | void>;

/** When a check runs, and what its result affects. */
export interface CheckerOptions {
	/**
	 * Whether the process is not ready while the check fails: `/readyz` answers 503, and clients call other
	 * instances. Otherwise the failure is only reported. Default: true.
	 */
	readonly critical?: boolean;
	/**
	 * Runs the check only when the health is requested, instead of on an interval. The registry does not learn its
	 * results, because the next request may never come. Default: false.
	 */
	readonly inBand?: boolean;
	/**
	 * The interval, in milliseconds, give or take a tenth. In band: how long a result may be reused. Default: 5 s; in
	 * band 1 s.
	 */
	readonly everyMs?: number;
	/**
	 * How long the check may take, in milliseconds, before it counts as failed. Default: 2 s; in band 800 ms, within
	 * the second that an orchestrator waits.
	 */
	readonly timeoutMs?: number;
	/** How many failures in a row make a healthy check unhealthy. Default: 3; in band 1. */
	readonly failures?: number;
	/** How many successes in a row make an unhealthy check healthy again. Default: 2; in band 1. */
	readonly successes?: number;
}

/** A named check: a value for `allium({ health: [...] })`. */
export interface Checker {
	readonly name: string;
	readonly check: Check;
	readonly options: Required<CheckerOptions>;
}

const onInterval = { everyMs: 5_000, timeoutMs: 2_000, failures: 3, successes: 2 };
const inBand = { everyMs: 1_000, timeoutMs: 800, failures: 1, successes: 1 };

/**
 * Makes a checker. By default it runs on an interval, so a request for the health costs nothing. On an interval a
 * single failure does not change the verdict, nor does a single success after that.
 *
 * After the health checkers of Monzo's Mercury: a check results in an error or in a map of strings.
 *
 * @example
 * checker("database", async (ctx) => ({ version: await versionOf(database, ctx.signal) }), { everyMs: 10_000 })
 *
 * @throws TypeError for an invalid name, RangeError for impossible numbers.
 */
export function checker(name: string, check: Check, options: CheckerOptions = {}): Checker {
	if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) {
		throw new TypeError(
			`a checker is named by up to 64 letters, digits, ".", "_" and "-", not ${JSON.stringify(name)}`,
		);
	}
	const defaults = { critical: true, inBand: false, ...(options.inBand === true ? inBand : onInterval) };
	const all = { ...defaults, ...options };
	checkDuration(`everyMs of checker "${name}"`, all.everyMs, "positive");
	checkDuration(`timeoutMs of checker "${name}"`, all.timeoutMs, "positive");
	if (!(all.failures >= 1 && all.successes >= 1)) {
		throw new RangeError(`checker "${name}" needs failures and successes of at least 1`);
	}
	return { name, check, options: all };
}
