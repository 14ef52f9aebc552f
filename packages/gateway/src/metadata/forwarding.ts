import type { Context, Guard, GuardRequest, PeerInfo, ReadonlyMetadata } from "@allium/core";
import { positionName } from "@allium/core/transport";
import { hostOf } from "@allium/node";

/** The header that names a request, in both directions. */
export const requestIdHeader = "x-request-id";

/** The header that names the hosts through which a request came, the client first. */
const forwardedForHeader = "x-forwarded-for";

/** The name under which the id travels on, through all calls that the request causes. */
const globalRequestId = "x-global-request-id";

/** A request id from outside that is accepted as it is. */
const sane = /^[\w.:/+=@-]{1,128}$/;

/**
 * The last id that was found valid, or made. It is kept because each request is asked for its id twice in a short time.
 */
let lastId = "";

/** The request id that arrived, if it is valid; otherwise a new one. */
export function requestIdFrom(given: string | undefined): string {
	if (given !== undefined && (given === lastId || sane.test(given))) lastId = given;
	else lastId = crypto.randomUUID();
	return lastId;
}

/**
 * Whether metadata is internal, so that an outside caller may not send it. A position is allowed: it only makes a read
 * wait.
 */
export function isPrivate(name: string): boolean {
	return name.startsWith("x-global-") || (name.startsWith("allium-") && name !== positionName);
}

/** Whether a header carries a proxy's knowledge of the client. From an outside caller it is worthless. */
export function isOfProxies(name: string): boolean {
	return name === "forwarded" || name === "x-real-ip" || name.startsWith("x-forwarded-");
}

/** The hosts through which a request came, in the form of `x-forwarded-for`: those named before, and the last one. */
function forwardedFor(metadata: ReadonlyMetadata, last: string): string {
	const before = metadata.getAll(forwardedForHeader);
	return before.length === 0 ? last : `${before.join(", ")}, ${last}`;
}

/** Finds the host of a peer. A connection has one peer and brings many requests, so the host is remembered. */
function peerHosts(): (peer: PeerInfo) => string {
	const known = new WeakMap<PeerInfo, string>();
	return (peer) => {
		let host = known.get(peer);
		if (host === undefined) {
			host = hostOf(peer.address) ?? peer.address;
			known.set(peer, host);
		}
		return host;
	};
}

/** Whether metadata belongs to a trace. A service that accepts a trace continues it. */
function isTrace(name: string): boolean {
	return name === "traceparent" || name === "tracestate" || name === "baggage";
}

/** Whether the gateway sets a header of an answer, and a service may not. */
export function isGatewaysOwn(name: string): boolean {
	return name === requestIdHeader || name.startsWith("access-control-");
}

/** The metadata that travels on to a service by default: everything but cookies and headers for proxies. */
export function forwardedByDefault(name: string): boolean {
	return name !== "cookie" && !name.startsWith("proxy-");
}

/**
 * The guard of a gateway, on every transport. It removes internal metadata, and the headers by which an outside caller
 * poses as a proxy. It makes the call send on the rest, and adds the request id and the address of the client. Then it
 * asks the given guard, whose description it shares. A trace that may not travel on is hidden from the gateway, too.
 */
export function forwarding(forward: (name: string) => boolean, guard: Guard | undefined): Guard {
	const isSeen = (name: string): boolean => {
		return !isPrivate(name) && !isOfProxies(name) && (!isTrace(name) || forward(name));
	};
	const hostOfPeer = peerHosts();
	const asked = (request: GuardRequest, ctx: Context): Context | Promise<Context> => {
		const metadata = request.metadata["~select"](isSeen);
		// The characters of both values are known, and metadata from outside does not have the second name, so no check is
		// repeated.
		metadata["~add"](forwardedForHeader, forwardedFor(request.metadata, hostOfPeer(request.peer)));
		const outgoing = metadata["~select"](forward);
		outgoing["~add"](globalRequestId, requestIdFrom(metadata.get(requestIdHeader)));
		const admitted = ctx["~with"]({ metadata, outgoing });
		return guard === undefined ? admitted : guard({ ...request, metadata }, admitted);
	};
	return Object.assign(asked, { description: guard?.description });
}
