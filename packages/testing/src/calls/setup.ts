import type { EndpointTable, Format, Kind } from "@allium/core";
import type { Dialer, Listener } from "@allium/core/transport";

/** One version of Allium: what the suite makes contracts, clients and servers with. */
export type CallVersion = Pick<
	typeof import("@allium/core"),
	"Context" | "contract" | "createClient" | "Endpoints" | "method" | "onSettled" | "stream"
>;

/** The transport that one test runs against. */
export interface CallSetup {
	/** Starts a server; when an address (`host:port`, or what else the URL had) is given, there. The suite closes it. */
	listen(endpoints: EndpointTable, address?: string): Promise<Listener>;
	/** Where a server is dialled. Default: the first of its addresses. */
	url?(listener: Listener): string;
	/** The transport under test: what dials. */
	readonly transport: Dialer;
	/** The version that calls. Default: this one. */
	readonly client?: CallVersion;
	/** The version that is called, and what its handlers dial with. Default: this one, and `transport`. */
	readonly server?: CallVersion & { readonly transport: Dialer };
	/** A program that calls the method `calls/unary` at the URL that is its last argument: it will be killed. */
	readonly program?: { readonly file: string; readonly args?: readonly string[] };
	/** Removes what belongs to neither. */
	close?(): Promise<void>;
}

/**
 * What a transport may lack: a kind of method; `cut`, TCP connections that a proxy can cut; `process`, the
 * program of the setup; `backoff`, one connection that calls share, with pauses between attempts to open it;
 * `silence`, connections that it leaves when nothing comes over them any more;
 * `backpressure`, bounded bytes of replies on their way; `many`, ten thousand calls at once; `streams`, hundreds
 * of streams at once; `told`, clients that are told whether a call that failed was ever sent; `stopping`, a server
 * that ends its streams in order to stop.
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
	| "stopping";

/** What the suite is told of a transport. */
export interface CallSuiteOptions {
	/** The largest message that both sides take, in bytes. Default: 4 MiB. */
	readonly maxMessageBytes?: number;
	/** The format that the transport speaks, which tells how large a message is. Default: JSON. */
	readonly format?: Format;
	/** The most that may be produced for a consumer that does not consume, in bytes. Default: 1 MiB. */
	readonly maxBufferedBytes?: number;
	/** What the transport lacks, and why: those cases are skipped, and say so. */
	readonly skip?: Partial<Record<CallCapability, string>>;
}
