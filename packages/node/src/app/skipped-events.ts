import type { Context } from "@allium/core";
import type { Broker, Subscription } from "@allium/core/event";

/**
 * How many events a group will not handle, because it does not exist yet and begins now. 0 where nobody can tell: no
 * group fails because of a count.
 */
export async function skippedEvents(
	{ state, log }: Broker,
	{ id, options }: Pick<Subscription, "id" | "options">,
	ctx: Context,
): Promise<number> {
	if (options.from !== "now" || options.each || state === undefined || log === undefined) return 0;
	try {
		const topic = await log.find(id.topic, ctx);
		if (topic === undefined || (await state.group(id).report(ctx)) !== undefined) return 0;
		const lanes = await topic.behind(await topic.at("start", ctx), ctx);
		return Array.from(lanes.values(), ({ events }) => events).reduce((sum, events) => sum + events, 0);
	} catch {
		return 0;
	}
}
