import type { Database } from "./database.ts";

/** How many rows of `pending` may be dead before they are removed. Each run of the sequencer passes over them. */
const mostDead = 20_000;
/** The shortest rest between two looks, in milliseconds. */
const shortestRestMs = 1_000;
/** A rest is so many times as long as the look before it, which is long where the dead rows have to stay. */
const restToLook = 50;

const dueSql = `
SELECT pg_stat_get_dead_tuples(oid) > ${mostDead} AND pg_has_role(relowner, 'USAGE') AS due
FROM pg_class WHERE oid = 'pending'::regclass`;
/** Not waiting for another process that does the same, nor for writers, which a shorter file would need. */
const vacuumSql = "VACUUM (SKIP_LOCKED, TRUNCATE false) pending";

/**
 * Removes the dead rows of `pending`. PostgreSQL does that once in a minute by default, and 2,000 processes that publish
 * one event a second each leave 120,000 dead rows in a minute. A user who does not own the table leaves it to PostgreSQL.
 */
export class PendingVacuum {
	readonly #database: Database;
	#restsUntil = 0;

	constructor(database: Database) {
		this.#database = database;
	}

	/** Looks whether there is something to remove, unless it has done so just before. Never rejects. */
	async run(): Promise<void> {
		const began = performance.now();
		if (began < this.#restsUntil) return;
		this.#restsUntil = Number.POSITIVE_INFINITY;
		try {
			const [row] = await this.#database.query<{ due: boolean }>(dueSql, []);
			if (row?.due === true) await this.#database.query(vacuumSql, []);
		} catch {
			// The database is away, or the statement took too long. It is tried again after the rest.
		}
		const now = performance.now();
		this.#restsUntil = now + Math.max(shortestRestMs, restToLook * (now - began));
	}
}
