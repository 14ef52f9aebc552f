import type { Context } from "../context/context.ts";
import { type ContextKey, contextKey } from "../context/key.ts";
import { Mistake } from "../errors/mistake.ts";
import type { Cursor } from "./log.ts";

/** The facts about a delivered event other than its data. */
export interface Delivery {
	/** The id of the event, the same at each attempt: give it as the key to systems that do a thing once for each key. */
	readonly id: string;
	/** `contract.event`. */
	readonly type: string;
	/** The version in which the data was published. Handlers get the present one. */
	readonly version: number;
	/** The contract that declares it. */
	readonly topic: string;
	readonly group: string;
	/** The app that published it, or the name that a sender elsewhere gave itself. */
	readonly source: string;
	/** When it was published. */
	readonly time: Date;
	/** The first is 1. */
	readonly attempt: number;
	/** The key that orders it. Undefined for events without order. */
	readonly key: string | undefined;
	/** The lane of its topic. */
	readonly lane: number;
	/** Its place in its lane. Of two places in one lane, the greater text is the later one. */
	readonly position: Cursor;
	/**
	 * Grows when another process takes over. A sink that refuses smaller epochs is safe from a process that was paused.
	 */
	readonly epoch: number;
	/** The id of the first cause. All events and calls that follow from it share this id. */
	readonly correlationId: string;
	/** The call or the event whose handler published it. */
	readonly causationId: string | undefined;
	/** Whether it had been parked, and an operator replayed it. */
	readonly isReplay: boolean;
}

export const deliveryKey: ContextKey<Delivery> = contextKey("delivery");

/**
 * The facts about the event that a handler is handling, other than its data.
 *
 * @throws TypeError for a context that was not given to an event's handler.
 * @example
 * async ended({ winner }, ctx) { await bank.pay({ key: delivery(ctx).id, to: winner }, ctx); }
 */
export function delivery(ctx: Context): Delivery {
	const found = ctx.get(deliveryKey);
	if (found !== undefined) return found;
	throw new Mistake("delivery(ctx) takes the context of an event's handler, and this is another one", {
		stack: true,
	});
}
