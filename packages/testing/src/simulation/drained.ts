import { Context } from "@allium/core";
import type { Consumer } from "@allium/core/event";
import { after } from "@allium/core/transport";

/** Lets consumers finish the events in hand, for `gracePeriodMs` at most. */
export async function drained(consumers: readonly Consumer[], gracePeriodMs: number): Promise<void> {
	const { ctx, cancel } = Context.background().withCancel();
	const timer = after(gracePeriodMs, cancel);
	try {
		await Promise.all(consumers.map((consumer) => consumer.drain(ctx)));
	} finally {
		timer.stop();
	}
}
