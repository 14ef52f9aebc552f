import type { DatabaseSync } from "node:sqlite";
import { ServiceError } from "@allium/core";
import type { SqlRow, SqlValue } from "@allium/core/store";
import { type Denial, GuardedSql } from "./guarded-sql.ts";

/** The tables of the store. SQL of a service may read them, and not change them. */
const ownTables: ReadonlySet<string> = new Set([
	...["topics", "events", "gone", "log", "streams", "outcomes", "snapshots"],
]);
/** The extended result codes of SQLite for a value that must be unique. */
const uniqueViolations: ReadonlySet<unknown> = new Set([1555, 2067, 2579]);

/** Runs the SQL of a service in transactions of the store. */
export class TransactionSql {
	readonly #sql: GuardedSql;

	constructor(database: DatabaseSync) {
		this.#sql = new GuardedSql(database, denial);
	}

	/** @throws ServiceError `already_exists`, reason `not_unique`; `invalid_argument`; and SQLite's errors. */
	run(text: TemplateStringsArray, values: readonly SqlValue[]): SqlRow[] {
		try {
			return this.#sql.run(text, values);
		} catch (error) {
			throw notUnique(error) ?? error;
		}
	}
}

const denial: Denial = ({ changes, leaves, names }) => {
	if (leaves)
		return "SQL in a transaction of the event store can neither end it nor use other databases or PRAGMA";
	if (!changes) return undefined;
	const own = names.find((name) => name !== null && ownTables.has(name.toLowerCase()));
	if (own === undefined) return undefined;
	return `the table ${own} is the event store's own, and is not changed by SQL: give your table another name`;
};

function notUnique(error: unknown): ServiceError | undefined {
	if (!(error instanceof Error) || !("errcode" in error) || !uniqueViolations.has(error.errcode))
		return undefined;
	return new ServiceError({
		code: "already_exists",
		reason: "not_unique",
		message: `a row with these values is there already: ${error.message}`,
		cause: error,
	});
}
