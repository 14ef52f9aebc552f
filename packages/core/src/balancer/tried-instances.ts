import type { Context } from "../context/context.ts";

/**
 * The ids of the instances that the call of a context has tried, in order. A client notes each pick, and picks an
 * instance that is not among them while there is one, so a repeated call goes to another instance.
 */
export function triedInstances(ctx: Context): readonly string[] {
	return ctx["~scope"]?.tried ?? [];
}
