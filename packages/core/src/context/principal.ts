import type { Context } from "./context.ts";
import { type ContextKey, contextKey } from "./key.ts";

/** The metadata by which strangers prove who they are. */
const credentials = ["authorization", "cookie"] as const;

/**
 * Who a call is made for, as the guard found out: the id of a user or of a customer. Nobody gets the answer of another
 * principal by the same `Idempotency-Key`.
 *
 * Set it where credentials change while the caller stays the same, such as tokens that live for minutes.
 *
 * @example
 * const guard: Guard = async (request, ctx) => ctx.withValue(principal, (await userOf(request)).id);
 */
export const principal: ContextKey<string> = contextKey("principal");

/** Who made a call that has an id: the {@link principal} where the guard set one, otherwise the peer by its certificate. */
export function peerOf(ctx: Context): string | undefined {
	return ctx.get(principal) ?? ctx.peer?.identity;
}

/**
 * Who sent an `Idempotency-Key`, as text: the {@link principal} where the guard set one, otherwise the identity of the
 * peer's certificate with the credentials that came with the call. Undefined for a caller without either.
 */
export function callerOf(ctx: Context): string | undefined {
	const told = ctx.get(principal);
	if (told !== undefined) return JSON.stringify([told]);
	const given = credentials.map((name) => ctx.metadata.getAll(name));
	const identity = ctx.peer?.identity;
	if (identity === undefined && given.every(({ length }) => length === 0)) return undefined;
	return JSON.stringify([identity ?? null, ...given]);
}
