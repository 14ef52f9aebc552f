import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";

/** The columns of a row in the order of the query. */
export type Row = readonly SQLOutputValue[];

/** A prepared query whose rows are arrays, because SQLite for Node makes arrays much faster than objects. */
export class Query {
	readonly #statement: StatementSync;

	constructor(database: DatabaseSync, sql: string) {
		this.#statement = database.prepare(sql);
		this.#statement.setReturnArrays(true);
	}

	all(...values: SQLInputValue[]): readonly Row[] {
		// The types of Node do not know of `setReturnArrays`.
		return this.#statement.all(...values) as unknown as readonly Row[];
	}

	get(...values: SQLInputValue[]): Row | undefined {
		return this.#statement.get(...values) as unknown as Row | undefined;
	}

	/** Returns how many rows it changed. */
	run(...values: SQLInputValue[]): number {
		return Number(this.#statement.run(...values).changes);
	}

	/** Inserts a row. Returns its number; undefined when there was a conflict. RETURNING would take twice as long. */
	insert(...values: SQLInputValue[]): number | undefined {
		const { changes, lastInsertRowid } = this.#statement.run(...values);
		return changes === 0 ? undefined : Number(lastInsertRowid);
	}
}
