import type { Context, Guard, GuardRequest } from "@allium/core";
import { hostOf } from "@allium/node";

/** The header that names a request, in both directions. */
export const requestIdHeader = "x-request-id";

/** The header that tells through whom a request came, the client first. */
const forwardedForHeader = "x-forwarded-for";

/** Under this name it travels on, through all calls that come of the request. */
const globalRequestId = "x-global-request-id";

/** A request id from outside that is taken as it is. */
const sane = /^[\w.:/+=@-]{1,128}$/;

/** A request id that came, when it is sane; else a new one. */
export function requestIdFrom(given: string | undefined): string {
	return given !== undefined && sane.test(given) ? given : crypto.randomUUID();
}

/** Whether metadata is ours alone, and nothing that a stranger may send. */
export function isPrivate(name: string): boolean {
	return name.startsWith("x-global-") || name.startsWith("allium-");
}

/** Whether a header tells what a proxy knows of the client: from strangers it tells nothing. */
export function isOfProxies(name: string): boolean {
	return name === "forwarded" || name === "x-real-ip" || name.startsWith("x-forwarded-");
}

/** Through whom a request came, as `x-forwarded-for` has it: whoever said so before, and who told us. */
function forwardedFor({ metadata, peer }: GuardRequest): string {
	const before = metadata.getAll(forwardedForHeader);
	const address = hostOf(peer.address) ?? peer.address;
	return before.length === 0 ? address : `${before.join(", ")}, ${address}`;
}

/** Whether metadata is of a trace: who takes it, carries it on. */
function isTrace(name: string): boolean {
	return name === "traceparent" || name === "tracestate" || name === "baggage";
}

/** Whether a header of an answer is the gateway's to set, and not a service's. */
export function isGatewaysOwn(name: string): boolean {
	return name === requestIdHeader || name.startsWith("access-control-");
}

/** What travels on to a service when nobody chose: all but cookies and what is for a proxy. */
export function forwardedByDefault(name: string): boolean {
	return name !== "cookie" && !name.startsWith("proxy-");
}

/**
 * The guard of a gateway, whatever the transport: takes from the metadata what is ours alone and what strangers say
 * as proxies do, makes the rest what the call sends on, with the request id and whose it is, and asks the guard that
 * was given. A trace that is not to travel on is not there for the gateway either. It says of itself what the guard
 * says that was given.
 */
export function forwarding(forward: (name: string) => boolean, guard: Guard | undefined): Guard {
	const isSeen = (name: string): boolean => {
		return !isPrivate(name) && !isOfProxies(name) && (!isTrace(name) || forward(name));
	};
	const asked = (request: GuardRequest, ctx: Context): Context | Promise<Context> => {
		const metadata = request.metadata["~select"](isSeen);
		metadata.append(forwardedForHeader, forwardedFor(request));
		const outgoing = metadata["~select"](forward);
		outgoing.set(globalRequestId, requestIdFrom(metadata.get(requestIdHeader)));
		const admitted = ctx["~with"]({ metadata, outgoing });
		return guard === undefined ? admitted : guard({ ...request, metadata }, admitted);
	};
	return Object.assign(asked, { description: guard?.description });
}
