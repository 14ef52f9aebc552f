import { isServiceError, ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
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
 * @throws ServiceError `already_exists`, `failed_precondition` or `invalid_argument` for an error that the statement
 * caused.
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
	const code = state === undefined ? undefined : codes.find(([start]) => state.startsWith(start))?.[1];
	if (code === undefined || !isServiceError(error)) return error;
	return new ServiceError({ code, message: error.message, cause: error.cause });
}

/** By the start of the SQLSTATE: a value that is there already, other constraints, data that does not fit. */
const codes = [
	["23505", "already_exists"],
	["23", "failed_precondition"],
	["22", "invalid_argument"],
] as const;
