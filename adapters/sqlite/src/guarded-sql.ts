import { constants, type DatabaseSync, type StatementSync } from "node:sqlite";
import { ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
import type { SqlRow, SqlValue } from "@allium/core/store";

/** Something that a statement does, as SQLite asks whether it may. */
export interface SqlAction {
	/** Whether it changes something. */
	readonly changes: boolean;
	/** Whether it would end the transaction, or reach beyond it: other databases, and PRAGMA. */
	readonly leaves: boolean;
	/** The objects of the action: names of tables and others. */
	readonly names: readonly (string | null)[];
}

/** The reason why an action is refused. Undefined if it is allowed. */
export type Denial = (action: SqlAction) => string | undefined;

interface Prepared {
	readonly statement: StatementSync;
	readonly hasRows: boolean;
}

const leaving: ReadonlySet<number> = new Set([
	constants.SQLITE_TRANSACTION,
	constants.SQLITE_SAVEPOINT,
	constants.SQLITE_ATTACH,
	constants.SQLITE_DETACH,
	constants.SQLITE_PRAGMA,
]);
const reading: ReadonlySet<number> = new Set([
	constants.SQLITE_SELECT,
	constants.SQLITE_READ,
	constants.SQLITE_FUNCTION,
	constants.SQLITE_RECURSIVE,
]);

/** Runs the SQL of others on a connection, if all its actions are allowed. Each template is prepared once. */
export class GuardedSql {
	readonly #database: DatabaseSync;
	readonly #denial: Denial;
	readonly #prepared = new WeakMap<TemplateStringsArray, Prepared>();

	constructor(database: DatabaseSync, denial: Denial) {
		this.#database = database;
		this.#denial = denial;
	}

	/** @throws SQLite's errors, and ServiceError for a denied action and for several statements at once. */
	run(text: TemplateStringsArray, values: readonly SqlValue[]): SqlRow[] {
		const { statement, hasRows } = this.#prepared.get(text) ?? this.#prepare(text);
		const bound = values.map((value) => (typeof value === "boolean" ? Number(value) : value));
		if (hasRows) return statement.all(...bound);
		statement.run(...bound);
		return [];
	}

	#prepare(template: TemplateStringsArray): Prepared {
		const text = template.join("?");
		let denied: string | undefined;
		// Node before 24.10 has no authorizer: there nothing is denied.
		this.#database.setAuthorizer?.((action, ...names) => {
			denied ??= this.#denial({
				changes: !reading.has(action),
				leaves: leaving.has(action),
				names: names.slice(0, 2),
			});
			return denied === undefined ? constants.SQLITE_OK : constants.SQLITE_DENY;
		});
		try {
			const statement = this.#database.prepare(text);
			requireOne(text, statement.sourceSQL);
			const prepared = { statement, hasRows: statement.columns().length > 0 };
			this.#prepared.set(template, prepared);
			return prepared;
		} catch (error) {
			if (denied !== undefined) throw refusal(denied, error);
			throw error;
		} finally {
			this.#database.setAuthorizer?.(null);
		}
	}
}

/** SQLite prepares the first statement and passes over the others. */
function requireOne(text: string, first: string): void {
	const rest = text.slice(first.length).replace(/--.*$/gm, "").trim();
	if (rest === "") return;
	throw new ServiceError({
		code: "invalid_argument",
		message: `one call of sql runs one statement, and here is another behind it: ${rest.slice(0, 40)}`,
	});
}
