import type { CallKind, EndpointTable, Format, Kind } from "@allium/core";
import type { Dialer, Listener } from "@allium/core/transport";

/** One version of Allium, from which the suite makes contracts, clients and servers. */
export type CallVersion = Pick<
	typeof import("@allium/core"),
	"Context" | "contract" | "createClient" | "Endpoints" | "method" | "onSettled" | "stream"
>;

/** The transport that one test runs against. */
export interface CallSetup {
	/**
	 * Starts a server, at the given address (`host:port`, or the rest of the URL) if there is one. The suite closes
	 * it.
	 */
	listen(endpoints: EndpointTable, address?: string): Promise<Listener>;
	/** The URL at which a server is dialled. Default: its first address. */
	url?(listener: Listener): string;
	/** The transport under test, which dials. */
	readonly transport: Dialer;
	/** The version of the caller. Default: this one. */
	readonly client?: CallVersion;
	/**
	 * The version of the callee, and the transport with which its handlers dial. Default: this version, and
	 * `transport`.
	 */
	readonly server?: CallVersion & { readonly transport: Dialer };
	/** A program that calls the method `calls/unary` at the URL in its last argument. The suite kills it. */
	readonly program?: { readonly file: string; readonly args?: readonly string[] };
	/**
	 * A server in between, to which both sides connect, such as a broker. A case that cuts connections cuts those of the
	 * caller to it. Default: none, so that it cuts those to the callee.
	 */
	readonly between?: {
		readonly url: string;
		/** A transport that dials through the server at another URL: that of a proxy before it. */
		transport(url: string): Dialer;
	};
	/** Removes whatever belongs to neither the client nor the server. */
	close?(): Promise<void>;
}

/**
 * A feature that a transport may lack. Besides the kinds of methods:
 * - `cut`: TCP connections that a proxy can cut.
 * - `process`: the program of the setup.
 * - `backoff`: one connection that calls share, with pauses between attempts to open it.
 * - `silence`: a connection that falls silent is given up.
 * - `backpressure`: a bound on the bytes of replies in flight.
 * - `many`: ten thousand concurrent calls.
 * - `streams`: hundreds of concurrent streams.
 * - `told`: clients learn whether a failed call was ever sent.
 * - `stopping`: a server ends its streams in order to stop.
 * - `causes`: callers and callees know the ids of calls.
 * - `away`: the absence of a server is noticed at once, so that calls do not wait for it.
 */
export type CallCapability =
	| Kind
	| "cut"
	| "process"
	| "backoff"
	| "silence"
	| "backpressure"
	| "many"
	| "streams"
	| "told"
	| "stopping"
	| "causes"
	| "away";

/** The properties of a transport that the suite needs. */
export interface CallSuiteOptions {
	/** The largest message that both sides accept, in bytes. Default: 4 MiB. */
	readonly maxMessageBytes?: number;
	/** The format that the transport speaks. It determines the size of a message. Default: JSON. */
	readonly format?: Format;
	/** The most that may be produced while the consumer does not consume, in bytes. Default: 1 MiB. */
	readonly maxBufferedBytes?: number;
	/**
	 * The kinds of methods that the transport refuses to call. The cases that need them are skipped; one says instead that
	 * the call is refused in a sentence, and never reaches the handler.
	 */
	readonly refuses?: readonly CallKind[];
	/** The features that the transport lacks, each with the reason. The cases that need one are skipped and say so. */
	readonly skip?: Partial<Record<CallCapability, string>>;
}
