import type { Context } from "../context/context.ts";
import { type ContextKey, contextKey } from "../context/key.ts";
import type { Instance } from "../registry/instance.ts";
import type { Candidate } from "./balancer.ts";

/** The candidate that a client picked for an attempt. */
export const pickedCandidate: ContextKey<Pick<Candidate, "instance">> = contextKey("picked candidate");

/** The instance that was picked for the attempt of a context; undefined outside of attempts. */
export function pickedInstance(ctx: Context): Instance | undefined {
	return ctx.get(pickedCandidate)?.instance;
}
