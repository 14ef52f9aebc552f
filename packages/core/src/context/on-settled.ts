import type { SettledListener } from "./call-scope.ts";
import type { Context } from "./context.ts";

/**
 * Calls back exactly once, at the true end of the call that the context belongs to: when the reply is there,
 * and for a stream when its last message was delivered, or it broke. Whatever counts, limits or measures uses
 * this. What a listener throws, or rejects with, is logged; when the call is over already, the listener is called
 * at once, and throws at whoever adds it.
 *
 * @throws TypeError when the context belongs to no call.
 */
export function onSettled(ctx: Context, listener: SettledListener): void {
	const scope = ctx["~scope"];
	if (scope === undefined) throw new TypeError("onSettled needs the context of a call; this one has none");
	scope.listen(listener);
}
