import { type Context, ServiceError } from "@allium/core";
import { arrayLiteral } from "./array-literal.ts";
import type { Database } from "./database.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Sequencer } from "./sequencer.ts";

/** How much one statement adds at most, unless one append alone is more. */
const batch = { events: 1_000, bytes: 4 * 1024 * 1024 };
/** How many bytes may wait to be added. */
const mostWaitingBytes = 64 * 1024 * 1024;

/** An event as a row. */
export interface EventRow {
	readonly topic: number;
	readonly lane: number;
	/** What stands for the id; see `indexedText`. */
	readonly id: string;
	readonly key: string | undefined;
	readonly keyHash: number | undefined;
	readonly text: string;
	readonly bytes: number;
}

const appendSql = `
WITH added AS (
	INSERT INTO events (topic, lane, bytes, key_hash, id, key, text)
	SELECT topic, lane, bytes, key_hash, id, key, text
	FROM unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[])
		WITH ORDINALITY AS given (topic, lane, bytes, key_hash, id, key, text, place)
	ORDER BY place
	ON CONFLICT (topic, id) DO NOTHING
	RETURNING seq, topic, id
), waiting AS (
	INSERT INTO pending SELECT seq FROM added
)
SELECT topic, id FROM added`;

/**
 * Adds events in the order of the calls. One statement runs at a time: what is called meanwhile is added together by
 * the next one, and each call has its own answer.
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
	 * Adds rows, all or none. Resolves with those that were not there yet, once they are committed. A call whose context
	 * ends while it waits adds nothing; later, its rows may have been added all the same.
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
			// When it fails, whoever looks next for news tries it again.
			this.#sequencer.run().catch(() => {});
		}
	}

	async #insert(rows: readonly EventRow[]): Promise<ReadonlySet<EventRow>> {
		const found = await this.#database.query<{ topic: number; id: string }>(appendSql, [
			arrayLiteral(rows.map(({ topic }) => topic)),
			arrayLiteral(rows.map(({ lane }) => lane)),
			arrayLiteral(rows.map(({ bytes }) => bytes)),
			arrayLiteral(rows.map(({ keyHash }) => keyHash)),
			arrayLiteral(rows.map(({ id }) => id)),
			arrayLiteral(rows.map(({ key }) => key)),
			arrayLiteral(rows.map(({ text }) => text)),
		]);
		const isNew = new Set(found.map(({ topic, id }) => `${topic} ${id}`));
		// Of an id that is given twice, the first is the one that was added.
		return new Set(rows.filter(({ topic, id }) => isNew.delete(`${topic} ${id}`)));
	}
}

function full(): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		reason: "queue_full",
		message: `${mostWaitingBytes / 1024 / 1024} MiB of events wait for PostgreSQL; publish more slowly, or from more processes`,
	});
}
