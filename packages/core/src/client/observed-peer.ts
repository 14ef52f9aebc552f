import type { Method } from "../contract/method.ts";
import type { ObservedEndpoint } from "../transport/observe-calls.ts";

/** The way to one instance, as members use it. */
export interface ObservedPeer {
	/** The address to which calls go now. It may change if the instance has several addresses. */
	readonly address: string;
	endpoint(method: Method): ObservedEndpoint;
	/** As {@link Peer.refusesUntil}; 0 if it does not refuse. */
	readonly refusesUntil: number;
	/**
	 * The address to which calls go now, if other instances share it, as {@link Peer.isShared} tells. Otherwise undefined.
	 */
	readonly sharedAddress: string | undefined;
}

/** A way whose owner closes it. */
export interface OwnedPeer extends ObservedPeer {
	close(): Promise<void>;
}

/** A share in the way to an instance. Its holder releases it once. */
export interface PeerShare {
	readonly peer: ObservedPeer;
	release(): Promise<void>;
}
