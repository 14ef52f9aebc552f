import type { Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Logger } from "../logger/logger.ts";
import type { EndpointTable } from "../service/endpoint-table.ts";
import type { ObservedEndpoint } from "./observe-calls.ts";

/** How to listen. A transport that knows more options takes them when it is made. */
export interface ListenOptions {
	/** Where to listen, in the transport's own terms, such as `127.0.0.1:0` or `[::1]:4000`. */
	readonly address?: string;
	readonly logger?: Logger;
}

/** Something that accepts calls for a set of endpoints. */
export interface Listener {
	/** Where it can be reached, as URLs. */
	readonly addresses: readonly string[];
	/** Takes no new calls, and says so to callers; calls in flight go on. Resolves when none is left. */
	drain(): Promise<void>;
	/** Ends everything at once. Resolves when no handle is left. */
	close(): Promise<void>;
}

/** The way to one address: keeps connections and reuses them. */
export interface Peer {
	/**
	 * The endpoint that calls a method there. It encodes and decodes, but does not validate. It rejects with
	 * `ServiceError` only: `unavailable` when the address cannot be reached, `notExecuted` set when the handler
	 * provably never ran.
	 */
	endpoint(method: Method): Endpoint;
	/**
	 * As {@link Peer.endpoint}, for calls that are observed. For a transport to which that costs less than
	 * {@link observeCalls} around the endpoint, which is what a client makes do with.
	 */
	observedEndpoint?(method: Method): ObservedEndpoint;
	/**
	 * Until when calls fail at once, as the last connection could not be made; on the clock of
	 * `performance.now()`. For a transport that waits before it connects again.
	 */
	readonly refusesUntil?: number;
	/** Ends every call in flight with `unavailable` and closes the connections. */
	close(): Promise<void>;
}

/** Reaches processes at the addresses of one scheme. */
export interface Dialer {
	/** The scheme of the URLs that it dials, without the colon: `allium`, `http`, `memory`. */
	readonly scheme: string;
	/** Does not connect yet: the first call does. */
	dial(address: string): Peer;
}

/** Accepts calls of other processes. */
export interface Acceptor {
	/** Resolves when calls are accepted. Rejects with `failed_precondition` when they cannot be. */
	listen(endpoints: EndpointTable, options?: ListenOptions): Promise<Listener>;
}

/** Carries calls between processes, in both directions. */
export interface Transport extends Dialer, Acceptor {}
