import type { PeerInfo } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";

/**
 * Lets in callers that are one of these apps, as their certificates prove: mutual TLS tells `ctx.peer.app`. A caller
 * without a certificate gets `unauthenticated`, any other one `permission_denied`. For servers.
 *
 * A name means an app of the namespace of this process. A text with `://` is a whole identity, for callers of other
 * namespaces and authorities: `spiffe://cluster.local/ns/prod/sa/web`. For other rules see {@link authorize}, which
 * sees `ctx.peer`.
 *
 * @throws TypeError when it is given no names.
 * @example
 * app.serve(Stock, stock, { middleware: [only("take", allowApps(["shop", "admin"]))] });
 */
export function allowApps(apps: readonly string[]): Middleware {
	if (
		!Array.isArray(apps) ||
		apps.length === 0 ||
		apps.some((app) => typeof app !== "string" || app === "")
	) {
		throw new TypeError('allowApps takes the names of the apps that may call: allowApps(["shop"])');
	}
	const allowed: ReadonlySet<string> = new Set(apps);
	return (next, method) => (input, ctx) => {
		const { peer } = ctx;
		if (isAllowed(peer, allowed)) return next(input, ctx);
		return Promise.reject(refusal(method, peer));
	};
}

function isAllowed(peer: PeerInfo | undefined, allowed: ReadonlySet<string>): boolean {
	const { app, identity } = peer ?? {};
	if (app !== undefined && allowed.has(app)) return true;
	return identity?.includes("://") === true && allowed.has(identity);
}

function refusal({ path }: Method, peer: PeerInfo | undefined): ServiceError {
	const { identity } = peer ?? {};
	if (identity !== undefined) {
		return new ServiceError({ code: "permission_denied", message: `${path} is not allowed to ${identity}` });
	}
	return new ServiceError({
		code: "unauthenticated",
		message: `${path} takes callers that prove which app they are by a certificate`,
	});
}
