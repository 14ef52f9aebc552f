import type { DatabaseSync } from "node:sqlite";
import type { Outcome } from "@allium/core/store";
import { Query } from "./query.ts";
import { storable } from "./storable.ts";

/** How many outcomes whose time is over one new outcome removes at most: more than come, and too few to be felt. */
const mostRemoved = 4;

/**
 * The statements of outcomes. Times are measured by the wall clock, because outcomes outlive a restart of the machine.
 */
export class OutcomeTables {
	readonly #find: Query;
	readonly #keep: Query;
	readonly #removeOld: Query;

	constructor(database: DatabaseSync) {
		this.#find = new Query(
			database,
			"SELECT fingerprint, text, keep_ms FROM outcomes WHERE id = ? AND expires_at > ?",
		);
		this.#keep = new Query(
			database,
			// An outcome whose time is over may still be there.
			"INSERT OR REPLACE INTO outcomes (id, fingerprint, text, keep_ms, expires_at) VALUES (?, ?, ?, ?, ?)",
		);
		this.#removeOld = new Query(
			database,
			"DELETE FROM outcomes WHERE rowid IN" +
				" (SELECT rowid FROM outcomes WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
		);
	}

	/** The outcome of a call. Undefined if it is no longer kept. */
	find(id: string): Outcome | undefined {
		const row = this.#find.get(storable(id), Date.now());
		if (row === undefined) return undefined;
		return { id, fingerprint: String(row[0]), text: String(row[1]), keepMs: Number(row[2]) };
	}

	/** Keeps an outcome that is not kept. */
	keep({ id, fingerprint, text, keepMs }: Outcome): void {
		const now = Date.now();
		this.#removeOld.run(now, mostRemoved);
		this.#keep.run(storable(id), fingerprint, text, keepMs, now + keepMs);
	}
}
