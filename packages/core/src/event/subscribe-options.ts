import type { Middleware } from "../endpoint/endpoint.ts";
import { kindOf } from "../errors/mistake.ts";
import { checkDuration } from "../time/duration.ts";

/** When an event whose handler failed is tried again. */
export interface RedeliveryOptions {
	/** Attempts in all, before the event is parked. Default: 8. */
	readonly attempts?: number;
	/** The bound of the first delay, in milliseconds; it doubles with each attempt. Default: 200 ms. */
	readonly firstDelayMs?: number;
	/** The bound of all delays, in milliseconds. Default: 5 minutes. */
	readonly longestDelayMs?: number;
}

/** How events are handled. */
export interface SubscribeOptions {
	/**
	 * The name of the group. Groups of one contract each get all its events; the processes of a group share them.
	 * Default: the name of the app.
	 */
	readonly group?: string;
	/** Every process gets all events, from now on. Nothing is kept for a process that is away. Default: `false`. */
	readonly each?: boolean;
	/**
	 * The place where a new group begins: with the events that are published from now on, with the oldest that the broker
	 * has, or with the events after a time. Default: `now`.
	 */
	readonly from?: "now" | "start" | Date;
	/** How many events this process handles at once. Default: 16. */
	readonly concurrency?: number;
	/** How many bytes of events this process has in memory. Default: 4 MiB. */
	readonly bytes?: number;
	/** How long the handler of an event may take, in milliseconds: the deadline of its context. Default: 30 s. */
	readonly timeoutMs?: number;
	/** When an event whose handler failed is tried again. */
	readonly retry?: RedeliveryOptions;
	/**
	 * What a parked event holds back: the later events of its key, or only itself. Default: `key`, or `event` if the
	 * broker can do no more.
	 */
	readonly park?: "key" | "event";
	/**
	 * Requires the order of the events of a key: the subscription fails at start if the broker does not keep it. Default:
	 * the order is kept if the broker can.
	 */
	readonly order?: "key";
	/** Wraps each handler after the data was checked, outermost first. */
	readonly middleware?: readonly Middleware[];
	/** Whether the process is not ready while the group is in trouble. Default: `false`; it is only reported. */
	readonly critical?: boolean;
}

/** The options of a subscription with their defaults. */
export interface CheckedOptions {
	readonly each: boolean;
	readonly from: "now" | "start" | Date;
	readonly concurrency: number;
	readonly bytes: number;
	readonly timeoutMs: number;
	readonly retry: Required<RedeliveryOptions>;
	readonly critical: boolean;
	/** The options that the caller gave explicitly. */
	readonly asked: SubscribeOptions;
}

const defaults = {
	each: false,
	from: "now",
	concurrency: 16,
	bytes: 4 * 1024 * 1024,
	timeoutMs: 30_000,
	critical: false,
} as const;

const retryDefaults = { attempts: 8, firstDelayMs: 200, longestDelayMs: 5 * 60_000 };

/**
 * Checks the options of a subscription, and fills in the defaults.
 *
 * @param where names the subscription in errors.
 * @throws RangeError for one that is out of range.
 */
export function checkedOptions(where: string, options: SubscribeOptions): CheckedOptions {
	const retry = { ...retryDefaults, ...options.retry };
	const checked = { ...defaults, ...options, retry, asked: options };
	if (options.group === "")
		throw new RangeError(`group of ${where} is empty; leave it out for the name of the app`);
	checkCount(`concurrency of ${where}`, checked.concurrency);
	checkCount(`bytes of ${where}`, checked.bytes);
	checkCount(`retry.attempts of ${where}`, retry.attempts);
	checkDuration(`timeoutMs of ${where}`, checked.timeoutMs, "positive");
	checkDuration(`retry.firstDelayMs of ${where}`, retry.firstDelayMs, "finite");
	checkDuration(`retry.longestDelayMs of ${where}`, retry.longestDelayMs, "finite");
	checkFrom(where, checked.from);
	checkChoice(`park of ${where}`, options.park, ["key", "event"]);
	checkChoice(`order of ${where}`, options.order, ["key"]);
	return checked;
}

function checkFrom(where: string, from: unknown): void {
	if (!(from instanceof Date)) checkChoice(`from of ${where}`, from, ["now", "start"], ["a date"]);
	else if (Number.isNaN(from.getTime())) throw new RangeError(`from of ${where} is a date that is no time`);
}

/** A value from a configuration may be any text. */
function checkChoice(option: string, given: unknown, choices: readonly string[], more: string[] = []): void {
	if (given === undefined || (typeof given === "string" && choices.includes(given))) return;
	const takes = [...choices.map((choice) => JSON.stringify(choice)), ...more].join(" or ");
	const got = typeof given === "string" ? JSON.stringify(given) : kindOf(given);
	throw new RangeError(`${option} takes ${takes}, and was given ${got}`);
}

function checkCount(option: string, count: number): void {
	if (Number.isInteger(count) && count >= 1) return;
	throw new RangeError(`${option} takes an integer of at least 1, and was given ${String(count)}`);
}
