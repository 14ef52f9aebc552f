import type { DatabaseSync } from "node:sqlite";
import { type Denial, GuardedSql } from "./guarded-sql.ts";

/** Runs the SQL of a view on a connection. The SQL of a reader may change nothing. */
export function viewSql(database: DatabaseSync, isReader: boolean): GuardedSql {
	return new GuardedSql(database, isReader ? denialOfReader : denial);
}

const denial: Denial = ({ changes, leaves, names }) => {
	if (leaves) return "the SQL of a view neither ends its transaction nor uses other databases or PRAGMA";
	const own = names.find((name) => name?.toLowerCase().startsWith("allium_"));
	return !changes || own === undefined
		? undefined
		: `the table ${own} is Allium's own, and is not changed by the SQL of a view`;
};

const denialOfReader: Denial = (action) => {
	if (action.changes && !action.leaves)
		return "a query of a view changes nothing: its handlers of events change its tables";
	return denial(action);
};
