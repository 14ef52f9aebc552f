import type { Middleware } from "../endpoint/endpoint.ts";

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
	 * Where a group begins that does not exist yet: with the events that are published from now on, with the oldest that
	 * the broker has, or with those after a time. Default: `now`.
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
	 * What a parked event holds: the later events of its key, or nothing. Default: `key`, or what the broker can.
	 */
	readonly park?: "key" | "event";
	/** Insists on the order of the events of a key: fails at start where the broker does not keep it. Default: kept where the broker can. */
	readonly order?: "key";
	/** Wraps each handler after the data was checked, outermost first. */
	readonly middleware?: readonly Middleware[];
	/** Whether the process is not ready while the group is in trouble. Default: `false`; it is only reported. */
	readonly critical?: boolean;
}
