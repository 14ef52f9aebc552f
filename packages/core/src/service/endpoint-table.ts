import type { AnyContract } from "../contract/contract.ts";
import type { Method } from "../contract/method.ts";
import type { Security } from "../contract/security.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import type { Guard } from "../endpoint/guard.ts";
import type { ServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { RouteTable } from "../routes/route-table.ts";
import type { ChangeListener } from "./change-listeners.ts";
import type { OpenStreams } from "./open-streams.ts";

/** A method together with the endpoint that serves it. */
export interface ServedMethod {
	readonly method: Method;
	/** The whole onion, boundary outermost: rejects only with errors that are fit for the caller. */
	readonly endpoint: Endpoint;
}

/**
 * What a process serves, as its transports see it. `Endpoints` is the table of a service; a gateway brings
 * one that changes while it is served.
 */
export interface EndpointTable {
	/** Asked for each call, and for requests to operations routes where its description says so. */
	readonly guard: Guard | undefined;
	readonly logger: Logger;
	/** Whether callers are told of mistakes in the program, which are logged anyway. Default: no. */
	readonly tellsMistakes?: boolean;
	/** The contracts served now. */
	readonly contracts: readonly AnyContract[];
	/** The method at a path, `service/method`; undefined when nobody serves it. */
	find(path: string): ServedMethod | undefined;
	/** The REST routes served now, if any. */
	readonly routes?: RouteTable | undefined;
	/** What callers of a service present: one scheme of each. Default: nothing. */
	securityOf?(service: string): readonly Security[];
	/**
	 * Calls back whenever a service or route has come, changed or gone, until it is stopped by what this returns.
	 * Undefined for a table that never changes.
	 */
	onChange?(listener: ChangeListener): () => void;
	/** Why nobody serves a path that should be served, such as `unavailable`; undefined when it is simply unknown. */
	whyMissing?(path: string): ServiceError | undefined;
	/** The open calls with a stream. With them, whoever stops the process can end streams that never end by themselves. */
	readonly streams?: OpenStreams | undefined;
}
