import type { RequestHead } from "./request-head.ts";

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
	/** The findings of the protocols. */
	head?: RequestHead | undefined;
}
