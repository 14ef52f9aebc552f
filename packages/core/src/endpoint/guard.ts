import type { Context, PeerInfo } from "../context/context.ts";
import { checkSecurity, type Security } from "../contract/security.ts";
import type { ReadonlyMetadata } from "../errors/readonly-metadata.ts";

/** The facts about a call, or about a request to an operations route, before its body is read. */
export interface GuardRequest {
	/** The caller. */
	readonly peer: PeerInfo;
	/** `service/method`, `/-/ws`, or an operations route such as `/metrics` where the guard asks for those. */
	readonly path: string;
	readonly metadata: ReadonlyMetadata;
}

/**
 * Decides, before a body is read, whether a request may go on. Returns the context to continue with, or throws an
 * error that the caller sees, such as `unauthenticated` or `permission_denied`.
 *
 * It is called for every call. {@link describeGuard} adds a description, for example that the guard also protects the
 * operations routes.
 */
export interface Guard {
	(request: GuardRequest, ctx: Context): Context | Promise<Context>;
	readonly description?: GuardDescription | undefined;
}

/** The facts that a guard states about itself. */
export interface GuardDescription extends Partial<Security> {
	/**
	 * Whether the guard also protects the operations routes: `/healthz`, `/readyz`, `/metrics`, `/-/describe`,
	 * `/-/openapi.json`, `/` and `allium.reflection`. Default: false, so probes, scrapers, gateways and the command
	 * need no credentials.
	 */
	readonly operations?: boolean;
}

/**
 * Adds a description to a guard: how callers prove who they are, and what the guard protects. `/-/describe` and
 * OpenAPI publish it. The guard itself still decides.
 *
 * @throws TypeError when a scheme is malformed.
 * @example
 * const guard = describeGuard(checkToken, {
 *   schemes: { token: { type: "http", scheme: "bearer" } },
 *   open: ["shop/list"],
 * });
 */
export function describeGuard(guard: Guard, description: GuardDescription): Guard {
	checkSecurity({ schemes: {}, ...description });
	const described = (request: GuardRequest, ctx: Context): Context | Promise<Context> => guard(request, ctx);
	return Object.assign(described, { description: Object.freeze({ ...description }) });
}

/** Whether a guard protects the operations routes. */
export function guardsOperations(guard: Guard | undefined): guard is Guard {
	return guard?.description?.operations === true;
}

/** The credentials that a guard demands of callers. */
export function securityOfGuard(guard: Guard | undefined): Security | undefined {
	const { schemes, open } = guard?.description ?? {};
	return schemes === undefined ? undefined : { schemes, ...(open !== undefined && { open }) };
}
