import type { SettledListener } from "./call-scope.ts";
import type { Context } from "./context.ts";

/**
 * Calls back exactly once, at the true end of the call that the context belongs to: when the reply has arrived, and
 * for a stream when its last message was delivered, or it broke. Middleware that counts, limits or measures uses
 * this. The errors of a listener are logged. When the call is over already, the listener is called at once, and its
 * errors are thrown to the caller.
 *
 * @throws TypeError when the context belongs to no call.
 */
export function onSettled(ctx: Context, listener: SettledListener): void {
	const scope = ctx["~scope"];
	if (scope === undefined) throw new TypeError("onSettled needs the context of a call; this one has none");
	scope.listen(listener);
}
