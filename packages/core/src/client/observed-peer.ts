import type { Method } from "../contract/method.ts";
import type { ObservedEndpoint } from "../transport/observe-calls.ts";

/** The connection to one address, as members use it. */
export interface ObservedPeer {
	endpoint(method: Method): ObservedEndpoint;
	/** As {@link Peer.refusesUntil}; 0 where it does not refuse. */
	readonly refusesUntil: number;
}
