import type { Sql } from "@allium/core/store";

/** The transaction in which the handlers of a projection change its tables. */
export interface ProjectionTransaction {
	/** Runs a statement: a tagged template, whose values are parameters. Await it, and nothing else. */
	readonly sql: Sql;
	/** The database, where the same thing has to be said in two ways. */
	readonly dialect: "sqlite" | "postgres";
}
