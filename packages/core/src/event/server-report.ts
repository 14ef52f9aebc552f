/** Something about a server that may lose events or end in an outage. */
export interface ServerWarning {
	/** One sentence, without a full stop. */
	readonly says: string;
	/** The remedy, in one sentence. */
	readonly remedy: string;
}

/** A server's report about itself, for operators. */
export interface ServerReport {
	/** Such as `PostgreSQL 15.6`. Undefined if the server does not report its version. */
	readonly version: string | undefined;
	/** Features that the server does not offer to events, in a few words each, such as `delays`. Default: none. */
	readonly lacks?: readonly string[];
	readonly warnings: readonly ServerWarning[];
}
