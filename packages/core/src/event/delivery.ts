import type { Context } from "../context/context.ts";
import { type ContextKey, contextKey } from "../context/key.ts";
import { Mistake } from "../errors/mistake.ts";
import type { Cursor } from "./log.ts";

/** What a handler can know of the event that it handles, beside the data. */
export interface Delivery {
	/** The id of the event, the same at each attempt: the key to give to systems that do a thing once for each key. */
	readonly id: string;
	/** `contract.event`. */
	readonly type: string;
	/** The version in which the data was published. Handlers get the present one. */
	readonly version: number;
	/** The contract that declares it. */
	readonly topic: string;
	readonly group: string;
	/** The app that published it, or what a sender elsewhere calls itself. */
	readonly source: string;
	/** When it was published. */
	readonly time: Date;
	/** The first is 1. */
	readonly attempt: number;
	/** What orders it; undefined where its events have no order. */
	readonly key: string | undefined;
	/** The lane of its topic. */
	readonly lane: number;
	/** Its place in its lane: of two in one lane, the greater text is the later. */
	readonly position: Cursor;
	/** Grows when another process takes over. What refuses smaller ones is safe from a process that was paused. */
	readonly epoch: number;
	/** Shared by all that follows from one first cause. */
	readonly correlationId: string;
	/** The call or the event whose handler published it. */
	readonly causationId: string | undefined;
	/** Whether it had been parked, and an operator replayed it. */
	readonly isReplay: boolean;
}

export const deliveryKey: ContextKey<Delivery> = contextKey("delivery");

/**
 * What is known of the event that is handled, beside its data.
 *
 * @throws TypeError for a context that is not that of an event's handler.
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
