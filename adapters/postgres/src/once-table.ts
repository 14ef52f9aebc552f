import type { Context, OnceAttempt, OnceRecord } from "@allium/core";
import type { Value } from "./connection-pool.ts";
import { originalPlain, plainText } from "./stored-text.ts";

/** How many calls whose time is over one new call removes at most: more than come, and too few to be felt. */
const mostRemoved = 4;

/** Makes the table of calls where it is missing. */
export function onceTableSql(schema: string): string {
	return `
CREATE TABLE IF NOT EXISTS ${schema}.once_calls (
	key text COLLATE "C" PRIMARY KEY,
	attempt text NOT NULL,
	input text NOT NULL,
	outcome text,
	expires_at timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS once_calls_by_expiry ON ${schema}.once_calls (expires_at);
COMMENT ON TABLE ${schema}.once_calls IS 'What became of calls, for the middleware once of Allium.';
`;
}

/** Runs a statement in its own transaction. */
type Query = <Row extends object>(
	text: string,
	values: readonly Value[],
	ctx: Context,
) => Promise<readonly Row[]>;

interface CallRow {
	readonly input: string;
	readonly outcome: string | null;
}

/** The statements on the calls. Each is one transaction, and takes its time from the server. */
export class OnceTable {
	readonly #calls: string;
	readonly #query: Query;

	constructor(schema: string, query: Query) {
		this.#calls = `${schema}.once_calls`;
		this.#query = query;
	}

	/** Marks a call as under way, unless it is known. Also removes other calls that are over. */
	mark(key: string, { id, input }: OnceAttempt, seconds: number, ctx: Context): Promise<boolean> {
		return this.#isDone(
			`WITH gone AS (
				DELETE FROM ${this.#calls} WHERE key IN (
					SELECT key FROM ${this.#calls} WHERE expires_at <= clock_timestamp() AND key <> $1
					ORDER BY expires_at LIMIT ${mostRemoved} FOR UPDATE SKIP LOCKED
				)
			)
			INSERT INTO ${this.#calls} AS known (key, attempt, input, expires_at)
			VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
			ON CONFLICT (key) DO UPDATE SET
				attempt = excluded.attempt, input = excluded.input, outcome = NULL, expires_at = excluded.expires_at
			WHERE known.expires_at <= clock_timestamp()
			RETURNING true AS done`,
			[key, id, plainText(input), seconds],
			ctx,
		);
	}

	async find(key: string, ctx: Context): Promise<OnceRecord | undefined> {
		const [row] = await this.#query<CallRow>(
			`SELECT input, outcome FROM ${this.#calls} WHERE key = $1 AND expires_at > clock_timestamp()`,
			[key],
			ctx,
		);
		if (row === undefined) return undefined;
		const { input, outcome } = row;
		return { input: originalPlain(input), outcome: outcome === null ? undefined : originalPlain(outcome) };
	}

	renew(key: string, { id }: OnceAttempt, seconds: number, ctx: Context): Promise<boolean> {
		return this.#isDone(
			`UPDATE ${this.#calls} SET expires_at = clock_timestamp() + make_interval(secs => $3)
			WHERE key = $1 AND attempt = $2 AND outcome IS NULL AND expires_at > clock_timestamp()
			RETURNING true AS done`,
			[key, id, seconds],
			ctx,
		);
	}

	end(
		key: string,
		{ id, input }: OnceAttempt,
		{ outcome, seconds }: { readonly outcome: string; readonly seconds: number },
		ctx: Context,
	): Promise<boolean> {
		return this.#isDone(
			`INSERT INTO ${this.#calls} AS known (key, attempt, input, outcome, expires_at)
			VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
			ON CONFLICT (key) DO UPDATE SET
				attempt = excluded.attempt, input = excluded.input,
				outcome = excluded.outcome, expires_at = excluded.expires_at
			WHERE known.expires_at <= clock_timestamp()
				OR (known.outcome IS NULL AND known.attempt = excluded.attempt)
			RETURNING true AS done`,
			[key, id, plainText(input), plainText(outcome), seconds],
			ctx,
		);
	}

	async abandon(key: string, { id }: OnceAttempt, ctx: Context): Promise<void> {
		await this.#query(
			`DELETE FROM ${this.#calls} WHERE key = $1 AND attempt = $2 AND outcome IS NULL`,
			[key, id],
			ctx,
		);
	}

	async #isDone(text: string, values: readonly Value[], ctx: Context): Promise<boolean> {
		return (await this.#query(text, values, ctx)).length > 0;
	}
}
