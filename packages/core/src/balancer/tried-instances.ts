import type { Context } from "../context/context.ts";

/**
 * The ids of the instances that the call of a context has tried, in order. A client notes each pick, and picks
 * one that is not among them while there is any: whoever repeats a call gets another instance.
 */
export function triedInstances(ctx: Context): readonly string[] {
	return ctx["~scope"]?.tried ?? [];
}
