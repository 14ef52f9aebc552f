/** Something about a server that may lose events or end in an outage. */
export interface ServerWarning {
	/** One sentence, without a full stop. */
	readonly says: string;
	/** What to do about it, in one sentence. */
	readonly remedy: string;
}

/** What a server tells of itself, for operators. */
export interface ServerReport {
	/** Such as `PostgreSQL 15.6`; undefined where the server does not tell. */
	readonly version: string | undefined;
	readonly warnings: readonly ServerWarning[];
}
