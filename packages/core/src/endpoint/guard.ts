import type { Context, PeerInfo } from "../context/context.ts";
import { checkSecurity, type Security } from "../contract/security.ts";
import type { ReadonlyMetadata } from "../errors/readonly-metadata.ts";

/** What is known of a call, or of a request to an operations route, before its body is read. */
export interface GuardRequest {
	/** The caller. */
	readonly peer: PeerInfo;
	/** `service/method`, `/-/ws`, or an operations route such as `/metrics` where the guard asks for those. */
	readonly path: string;
	readonly metadata: ReadonlyMetadata;
}

/**
 * Decides, before a body is read, whether a request may go on. Returns the context to go on with, or throws:
 * `unauthenticated`, `permission_denied` or whatever the caller is to see.
 *
 * It is asked for every call. {@link describeGuard} says more of it, such as that it is asked for the operations
 * routes, too.
 */
export interface Guard {
	(request: GuardRequest, ctx: Context): Context | Promise<Context>;
	readonly description?: GuardDescription | undefined;
}

/** What a guard says of itself. */
export interface GuardDescription extends Partial<Security> {
	/**
	 * Whether it is asked for the operations routes, too: `/healthz`, `/readyz`, `/metrics`, `/-/describe`,
	 * `/-/openapi.json`, `/` and `allium.reflection`. Default: false, so that probes, scrapers, gateways and the command need no
	 * credentials.
	 */
	readonly operations?: boolean;
}

/**
 * A guard with a description: how callers prove who they are, which `/-/describe` and OpenAPI tell, and what it
 * is asked for. The guard itself still decides.
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

/** Whether a guard is asked for the operations routes. */
export function guardsOperations(guard: Guard | undefined): guard is Guard {
	return guard?.description?.operations === true;
}

/** What a guard wants of the callers of what it lets in. */
export function securityOfGuard(guard: Guard | undefined): Security | undefined {
	const { schemes, open } = guard?.description ?? {};
	return schemes === undefined ? undefined : { schemes, ...(open !== undefined && { open }) };
}
