import { isServiceError, ServiceError } from "@allium/core";
import { backendError, refusal } from "@allium/core/adapter";
import type { SqlRow, SqlValue } from "@allium/core/store";
import type { Rows, Value } from "./connection-pool.ts";
import { sqlState } from "./failure.ts";
import type { Connection } from "./session.ts";

/** Statements that would end the transaction, or change the connection for its later users. */
const refused: ReadonlySet<string> = new Set(
	(
		"abort begin commit end prepare release rollback savepoint start " +
		"close deallocate declare discard execute fetch listen reset set unlisten copy"
	).split(" "),
);
/** The text that may precede the first word of a statement. */
const leading = /^(?:[\s;(]+|--[^\n]*|\/\*[\s\S]*?\*\/)*/;

/**
 * Runs a statement of a service. Its values are parameters.
 *
 * @param mark a comment behind the statement: the same text means another thing elsewhere.
 * @throws ServiceError `already_exists`, reason `not_unique`; `failed_precondition` or `invalid_argument` for another
 * error that the statement caused.
 */
export async function runServiceSql<Row extends SqlRow>(
	connection: Connection,
	text: TemplateStringsArray,
	values: readonly SqlValue[],
	mark = "",
): Promise<Row[]> {
	const { sql } = statementOf(text);
	for (const value of values) checkValue(value);
	try {
		return plain(await connection.run<Row>(`${sql}${mark}`, values.map(sent)));
	} catch (error) {
		throw sqlFailure(error);
	}
}

/**
 * Whether a statement returns no rows, regardless of the content of the tables.
 *
 * @throws ServiceError for a statement that is refused.
 */
export function givesNoRows(text: TemplateStringsArray): boolean {
	return statementOf(text).givesNoRows;
}

/** A statement that is not refused. */
interface Statement {
	/** Its text, with a parameter for each value. */
	readonly sql: string;
	readonly givesNoRows: boolean;
}

/** The statements by their strings, which are the same object each time that a line of code runs. */
const statements = new WeakMap<TemplateStringsArray, Statement>();

function statementOf(text: TemplateStringsArray): Statement {
	const known = statements.get(text);
	if (known !== undefined) return known;
	const sql = text.reduce((sum, part, index) => `${sum}$${index}${part}`);
	const [first = ""] = /^[a-z]+/i.exec(sql.replace(leading, "")) ?? [];
	const word = first.toLowerCase();
	if (refused.has(word)) {
		throw refusal(
			`SQL in a transaction of Allium neither ends it nor changes its connection, as ${word.toUpperCase()} would`,
		);
	}
	const writes = word === "insert" || word === "update" || word === "delete";
	const made: Statement = { sql, givesNoRows: writes && !/\breturning\b/i.test(sql) };
	statements.set(text, made);
	return made;
}

/** PostgreSQL reads a whole number of any type from its text. */
function sent(value: SqlValue): Value {
	return typeof value === "bigint" ? String(value) : value;
}

/** The type of `bigint`, which counts and sums of whole numbers have. The client gives it as text. */
const bigintType = 20;

/** The rows, with whole numbers as numbers where those hold them exactly, as SQLite gives them. */
function plain<Row extends SqlRow>(rows: Rows<Row>): Row[] {
	const names = (rows.columns ?? []).filter(({ type }) => type === bigintType).map(({ name }) => name);
	if (names.length === 0) return [...rows];
	return rows.map((row) => {
		const numbers = names.flatMap((name) => {
			const number = typeof row[name] === "string" ? Number(row[name]) : Number.NaN;
			return Number.isSafeInteger(number) ? [[name, number]] : [];
		});
		return { ...row, ...Object.fromEntries(numbers) };
	});
}

function checkValue(value: SqlValue): void {
	if (typeof value === "string" && (value.includes("\0") || !value.isWellFormed())) {
		const message =
			"PostgreSQL holds no text with NUL or with half of a surrogate pair; write it as JSON, or as bytes";
		throw new ServiceError({ code: "invalid_argument", message });
	}
}

/** Translates an error that a service's own statement caused. */
function sqlFailure(error: unknown): unknown {
	const state = sqlState(error);
	if (state === undefined || !isServiceError(error)) return error;
	const { message, cause } = error;
	if (state === uniqueViolation) return notUnique(cause);
	// A constraint, or data that does not fit.
	if (state.startsWith("23")) return backendError({ code: "failed_precondition", message, cause });
	if (state.startsWith("22")) return backendError({ code: "invalid_argument", message, cause });
	return error;
}

const uniqueViolation = "23505";

/** A handler may let this error pass to its caller, so it names no server. */
function notUnique(cause: unknown): ServiceError {
	const why = cause instanceof Error ? `: ${cause.message}` : "";
	const message = `a row with these values is there already${why}`;
	return new ServiceError({ code: "already_exists", reason: "not_unique", message, cause });
}
