import { type Context, ServiceError } from "@allium/core";
import { arrayLiteral, lines, linesSql } from "./array-literal.ts";
import type { Value } from "./connection-pool.ts";
import type { Database } from "./database.ts";
import { GroupCommit } from "./group-commit.ts";
import { pendingRowsSql } from "./pending-rows.ts";
import type { Sequencer } from "./sequencer.ts";

/** How much one statement adds at most, unless one append alone is more. */
const batch = { events: 1_000, bytes: 4 * 1024 * 1024 };
/** How many bytes may wait to be added. */
const mostWaitingBytes = 64 * 1024 * 1024;

/** An event as a row. */
export interface EventRow {
	readonly topic: number;
	readonly lane: number;
	/** The id as it stands in indexes; see `indexedText`. */
	readonly id: string;
	readonly key: string | undefined;
	readonly keyHash: number | undefined;
	readonly text: string;
	readonly bytes: number;
}

/** The rows of the values of {@link valuesOfMany}. */
const manyRows = `
	SELECT topic, lane, bytes, key_hash, id, key, text
	FROM unnest(
		$1::int[], $2::int[], $3::int[], $4::int[], $5::text[], $6::text[], ${linesSql("$7")}
	) WITH ORDINALITY AS given (topic, lane, bytes, key_hash, id, key, text, place)
	ORDER BY place`;

/** Tells how many rows were added, and which where it was not all. */
function appendSql(rows: string, count: string, pending: string): string {
	return `
WITH added AS (
	INSERT INTO events (topic, lane, bytes, key_hash, id, key, text)
	${rows}
	ON CONFLICT (topic, id) DO NOTHING
	RETURNING seq, topic, id
), waiting AS (
	INSERT INTO pending ${pending}
)
SELECT count(*) < ${count} AS partial, CASE WHEN count(*) < ${count} THEN
	(SELECT json_agg(topic || ' ' || id) FROM added)
END AS ids FROM added`;
}

const appendManySql = appendSql(manyRows, "cardinality($5::text[])", pendingRowsSql);
/** The same for one row: PostgreSQL takes two thirds of the time. */
const appendOneSql = appendSql("VALUES ($1, $2, $3, $4, $5, $6, $7)", "1", "SELECT seq FROM added");

/**
 * Adds events in the order of the calls. One statement runs at a time. The next one adds the events of all calls that
 * come meanwhile together, and each call gets its own answer.
 */
export class AppendQueue {
	readonly #database: Database;
	readonly #sequencer: Sequencer;
	readonly #group: GroupCommit<readonly EventRow[], ReadonlySet<EventRow>>;

	constructor(database: Database, sequencer: Sequencer) {
		this.#database = database;
		this.#sequencer = sequencer;
		this.#group = new GroupCommit({
			batch,
			mostWaitingBytes,
			full,
			write: (appends) => this.#write(appends),
		});
	}

	/**
	 * Adds rows, all or none. Resolves with the rows that were not there yet, once they are committed. A call whose
	 * context ends while it waits adds nothing; later, its rows may have been added all the same.
	 */
	add(rows: readonly EventRow[], ctx: Context): Promise<ReadonlySet<EventRow>> {
		const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
		return this.#group.add(rows, { events: rows.length, bytes }, ctx);
	}

	async #write(appends: readonly (readonly EventRow[])[]): Promise<readonly ReadonlySet<EventRow>[]> {
		try {
			const added = await this.#insert(appends.flat());
			return appends.map(() => added);
		} finally {
			// If it fails, the next reader that looks for news tries it again.
			this.#sequencer.run().catch(() => {});
		}
	}

	async #insert(rows: readonly EventRow[]): Promise<ReadonlySet<EventRow>> {
		const [only] = rows;
		const [answer] = await (rows.length === 1 && only !== undefined
			? this.#database.query<AppendAnswer>(appendOneSql, valuesOfOne(only))
			: this.#database.query<AppendAnswer>(appendManySql, valuesOfMany(rows)));
		if (answer?.partial !== true) return new Set(rows);
		const isNew = new Set(answer.ids);
		// If an id is given twice, the first one was added.
		return new Set(rows.filter(({ topic, id }) => isNew.delete(`${topic} ${id}`)));
	}
}

/** The answer of {@link appendSql}: the topics and ids of the rows that were added, if not all were. */
interface AppendAnswer {
	readonly partial: boolean;
	readonly ids: readonly string[] | null;
}

function valuesOfOne({ topic, lane, bytes, keyHash, id, key, text }: EventRow): Value[] {
	return [topic, lane, bytes, keyHash ?? null, id, key ?? null, text];
}

function valuesOfMany(rows: readonly EventRow[]): Value[] {
	return [
		arrayLiteral(rows.map(({ topic }) => topic)),
		arrayLiteral(rows.map(({ lane }) => lane)),
		arrayLiteral(rows.map(({ bytes }) => bytes)),
		arrayLiteral(rows.map(({ keyHash }) => keyHash)),
		arrayLiteral(rows.map(({ id }) => id)),
		arrayLiteral(rows.map(({ key }) => key)),
		lines(rows.map(({ text }) => text)),
	];
}

function full(): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		reason: "queue_full",
		message: `${mostWaitingBytes / 1024 / 1024} MiB of events wait for PostgreSQL; publish more slowly, or from more processes`,
	});
}
