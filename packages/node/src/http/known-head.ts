import type { RouterMatch, ServedRoute } from "@allium/core/http";
import type { RequestHead } from "./request-head.ts";

/** The result of a search for the REST route of a request. */
export interface RouteSearch {
	/** Counts the changes of what is served. After a change the search is made again. */
	readonly version: number;
	/** Whether the request is for REST: its path has routes, though perhaps none for its verb. */
	readonly isClaimed: boolean;
	readonly match: RouterMatch<ServedRoute> | undefined;
}

/**
 * The head of a request that its reader may meet again, byte by byte. The same bytes mean the same, so the findings about
 * them are kept here, for the next request with this head.
 */
export interface KnownHead {
	/** Names and values in turn, as they arrived. */
	readonly rawHeaders: readonly string[];
	/** The target without its query; undefined until it was looked at. */
	path?: string | undefined;
	/** The path without its first slash, as a method is called: `service/method`. */
	callPath?: string | undefined;
	/** The host that the request names, which is well-formed. */
	authority?: string | undefined;
	/** The headers as the protocols read them. */
	head?: RequestHead | undefined;
	/** The search for a REST route. */
	search?: RouteSearch | undefined;
}
