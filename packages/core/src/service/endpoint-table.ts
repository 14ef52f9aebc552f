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
	/** The whole onion, with the boundary outermost. It rejects only with errors that are fit for the caller. */
	readonly endpoint: Endpoint;
}

/**
 * The methods that a process serves, as its transports see them. `Endpoints` is the table of a service; the table of
 * a gateway changes while it is served.
 */
export interface EndpointTable {
	/** The guard of each call, and of the requests to operations routes that its description names. */
	readonly guard: Guard | undefined;
	readonly logger: Logger;
	/** Whether callers see mistakes in the program, which are logged anyway. Default: no. */
	readonly tellsMistakes?: boolean;
	/** The contracts that are served now. */
	readonly contracts: readonly AnyContract[];
	/** The method at a path, `service/method`; undefined when it is not served. */
	find(path: string): ServedMethod | undefined;
	/** The REST routes that are served now, if any. */
	readonly routes?: RouteTable | undefined;
	/** The security schemes that callers of a service present, one of each. Default: none. */
	securityOf?(service: string): readonly Security[];
	/**
	 * Calls back whenever a service or route has come, changed or gone, until the returned function is called. Undefined
	 * for a table that never changes.
	 */
	onChange?(listener: ChangeListener): () => void;
	/** Why a known path is not served, such as `unavailable`; undefined when the path is unknown. */
	whyMissing?(path: string): ServiceError | undefined;
	/** The open calls with a stream. Through them a process that stops can end streams that never end by themselves. */
	readonly streams?: OpenStreams | undefined;
}
