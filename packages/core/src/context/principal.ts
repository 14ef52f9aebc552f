import type { Context } from "./context.ts";
import { type ContextKey, contextKey } from "./key.ts";

/** The metadata by which strangers prove who they are. */
const credentials = ["authorization", "cookie"] as const;

/**
 * The id of the user or customer for whom a call is made, as the guard found out. A caller cannot get the answer of
 * another principal by sending the same `Idempotency-Key`.
 *
 * Set it where credentials change while the caller stays the same, such as tokens that live for minutes.
 *
 * @example
 * const guard: Guard = async (request, ctx) => ctx.withValue(principal, (await userOf(request)).id);
 */
export const principal: ContextKey<string> = contextKey("principal");

/**
 * The caller of a call that has an id: the {@link principal} if the guard set one, otherwise the identity in the peer's
 * certificate.
 */
export function peerOf(ctx: Context): string | undefined {
	return ctx.get(principal) ?? ctx.peer?.identity;
}

/**
 * The sender of an `Idempotency-Key`, as text: the {@link principal} if the guard set one, otherwise the identity in
 * the peer's certificate together with the credentials that came with the call. Undefined for a caller with none of
 * these.
 */
export function callerOf(ctx: Context): string | undefined {
	const told = ctx.get(principal);
	if (told !== undefined) return JSON.stringify([told]);
	const given = credentials.map((name) => ctx.metadata.getAll(name));
	const identity = ctx.peer?.identity;
	if (identity === undefined && given.every(({ length }) => length === 0)) return undefined;
	return JSON.stringify([identity ?? null, ...given]);
}
