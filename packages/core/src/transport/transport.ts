import type { Method } from "../contract/method.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Logger } from "../logger/logger.ts";
import type { EndpointTable } from "../service/endpoint-table.ts";
import type { ObservedEndpoint } from "./observe-calls.ts";

/** How to listen. A transport with more options takes them when it is made. */
export interface ListenOptions {
	/** The address to listen at, in the transport's own terms, such as `127.0.0.1:0` or `[::1]:4000`. */
	readonly address?: string;
	readonly logger?: Logger;
}

/** Something that accepts calls for a set of endpoints. */
export interface Listener {
	/** The URLs at which it can be reached. */
	readonly addresses: readonly string[];
	/** Accepts no new calls, and tells callers so. Calls in flight go on. Resolves when none is left. */
	drain(): Promise<void>;
	/** Ends everything at once. Resolves when no handle is left open. */
	close(): Promise<void>;
}

/** The way to one address: keeps connections and reuses them. */
export interface Peer {
	/**
	 * The endpoint that calls a method there. It encodes and decodes, but does not validate. It rejects with
	 * `ServiceError` only: `unavailable` when the address cannot be reached, `notExecuted` set when the handler
	 * provably never ran; {@link notCarried} for a method that the transport cannot carry.
	 */
	endpoint(method: Method): Endpoint;
	/**
	 * Like {@link Peer.endpoint}, for calls that are observed. A transport has it where it costs less than {@link
	 * observeCalls} around the endpoint, which a client otherwise uses.
	 */
	observedEndpoint?(method: Method): ObservedEndpoint;
	/**
	 * The time until which calls fail at once because the last connection failed, on the clock of
	 * `performance.now()`. For a transport that waits before it connects again.
	 */
	readonly refusesUntil?: number;
	/**
	 * Whether several instances have the address, and any of them takes a call, as behind a queue. Clients then treat these
	 * instances as one. Default: false.
	 */
	readonly isShared?: boolean;
	/** Ends every call in flight with `unavailable` and closes the connections. */
	close(): Promise<void>;
}

/** Options of {@link Dialer.dial}. */
export interface DialOptions {
	/**
	 * The identity that the process there has to prove, such as `spiffe://default/stock`. It is for transports on
	 * which processes prove their identities. Default: anybody at the address will do.
	 */
	readonly identity?: string | undefined;
}

/** Reaches processes at the addresses of one scheme. */
export interface Dialer {
	/** The scheme of the URLs that it dials, without the colon: `allium`, `http`, `memory`. */
	readonly scheme: string;
	/**
	 * Whether it calls instances that know nothing of Allium: {@link Instance.foreign}. Clients leave those out
	 * otherwise. Default: false.
	 */
	readonly callsForeign?: boolean;
	/** Does not connect yet: the first call does that. */
	dial(address: string, options?: DialOptions): Peer;
}

/** Accepts calls from other processes. */
export interface Acceptor {
	/** Resolves when calls are accepted. Rejects with `failed_precondition` when it cannot listen. */
	listen(endpoints: EndpointTable, options?: ListenOptions): Promise<Listener>;
}

/** Carries calls between processes, in both directions. */
export interface Transport extends Dialer, Acceptor {}
