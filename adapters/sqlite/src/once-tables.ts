import type { DatabaseSync } from "node:sqlite";
import type { OnceAttempt, OnceRecord } from "@allium/core";
import type { Schema } from "./database-file.ts";
import { Query } from "./query.ts";

/** How many calls whose time is over one new call removes at most: more than come, and too few to be felt. */
const mostRemoved = 4;

/**
 * The tables of `once.db`. Times are measured by the machine's wall clock in milliseconds, because outcomes outlive a
 * restart of the machine.
 */
export const onceSchema: Schema<OnceTables> = {
	name: "the store of once",
	// A call that was carried out must not be forgotten.
	synchronous: "FULL",
	mark: "calls",
	version: 1,
	sql: `
		CREATE TABLE calls (
			key TEXT PRIMARY KEY,
			attempt TEXT NOT NULL,
			input TEXT NOT NULL,
			outcome TEXT,
			expires_at INTEGER NOT NULL
		) STRICT;
		CREATE INDEX calls_by_expiry ON calls (expires_at);
	`,
	prepare: (database) => new OnceTables(database),
};

/** The statements on the calls. */
export class OnceTables {
	readonly #find: Query;
	readonly #set: Query;
	readonly #renew: Query;
	readonly #abandon: Query;
	readonly #removeOld: Query;

	constructor(database: DatabaseSync) {
		this.#find = new Query(
			database,
			"SELECT input, outcome, attempt FROM calls WHERE key = ?1 AND expires_at > ?2",
		);
		this.#set = new Query(
			database,
			`INSERT INTO calls (key, attempt, input, outcome, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (key) DO UPDATE SET
				attempt = excluded.attempt, input = excluded.input,
				outcome = excluded.outcome, expires_at = excluded.expires_at`,
		);
		this.#renew = new Query(
			database,
			`UPDATE calls SET expires_at = ?3
			WHERE key = ?1 AND attempt = ?2 AND outcome IS NULL AND expires_at > ?4`,
		);
		this.#abandon = new Query(
			database,
			"DELETE FROM calls WHERE key = ?1 AND attempt = ?2 AND outcome IS NULL",
		);
		this.#removeOld = new Query(
			database,
			"DELETE FROM calls WHERE key IN (SELECT key FROM calls WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
		);
	}

	begin(key: string, attempt: OnceAttempt, markMs: number): OnceRecord | undefined {
		const now = Date.now();
		this.#removeOld.run(now, mostRemoved);
		const [input, outcome] = this.#find.get(key, now) ?? [];
		if (input !== undefined)
			return { input: String(input), outcome: outcome === null ? undefined : String(outcome) };
		this.#set.run(key, attempt.id, attempt.input, null, later(now, markMs));
		return undefined;
	}

	renew(key: string, attempt: OnceAttempt, markMs: number): boolean {
		const now = Date.now();
		return this.#renew.run(key, attempt.id, later(now, markMs), now) > 0;
	}

	end(key: string, attempt: OnceAttempt, outcome: string, ttlMs: number): boolean {
		const now = Date.now();
		const [input, known, owner] = this.#find.get(key, now) ?? [];
		const isFree = input === undefined || (known === null && owner === attempt.id);
		if (isFree) this.#set.run(key, attempt.id, attempt.input, outcome, later(now, ttlMs));
		return isFree;
	}

	abandon(key: string, attempt: OnceAttempt): void {
		this.#abandon.run(key, attempt.id);
	}
}

function later(now: number, milliseconds: number): number {
	return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(now + milliseconds));
}
