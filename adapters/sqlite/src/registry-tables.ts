import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { InstanceRecord } from "@allium/core/registry";
import type { Schema } from "./database-file.ts";
import { machineNow } from "./machine-clock.ts";

/** The row of an instance. It stays for a while after its lease has run out. */
export interface InstanceRow {
	readonly text: string;
	/** In the time of {@link machineNow}. */
	readonly expiresAt: number;
	readonly isAlive: boolean;
}

/**
 * A renewal counts as a change when less than this is left of the lease, in milliseconds. A watcher may have seen the
 * lease run out while the renewal was being written.
 */
const narrowMs = 100;

/** The tables of `registry.db`. The revision counts the changes that concern watchers; renewals do not count. */
export const registrySchema: Schema<RegistryTables> = {
	name: "the registry",
	synchronous: "NORMAL",
	mark: "instances",
	version: 2,
	sql: `
		DROP TABLE IF EXISTS instances;
		DROP TABLE IF EXISTS revision;
		CREATE TABLE instances (
			namespace TEXT NOT NULL,
			id TEXT NOT NULL,
			record TEXT NOT NULL,
			ttl_ms INTEGER NOT NULL,
			expires_at INTEGER NOT NULL,
			PRIMARY KEY (namespace, id)
		) STRICT, WITHOUT ROWID;
		CREATE TABLE revision (value INTEGER NOT NULL) STRICT;
		INSERT INTO revision VALUES (0)`,
	prepare: (database) => new RegistryTables(database),
};

/** The statements of the registry. All but `revision` and `rows` need a transaction. */
export class RegistryTables {
	readonly #find: StatementSync;
	readonly #renew: StatementSync;
	readonly #put: StatementSync;
	readonly #delete: StatementSync;
	readonly #bump: StatementSync;
	readonly #revision: StatementSync;
	readonly #rows: StatementSync;
	readonly #sweep: StatementSync;
	#sweptAt = Number.NEGATIVE_INFINITY;

	constructor(database: DatabaseSync) {
		const where = "WHERE namespace = :namespace AND id = :id";
		this.#find = database.prepare(
			`SELECT 1 FROM instances ${where} AND record = :text AND expires_at > :now + ${narrowMs}`,
		);
		this.#renew = database.prepare(`UPDATE instances SET ttl_ms = :ttl, expires_at = :now + :ttl ${where}`);
		this.#put = database.prepare(
			"INSERT OR REPLACE INTO instances (namespace, id, record, ttl_ms, expires_at)" +
				" VALUES (:namespace, :id, :text, :ttl, :now + :ttl)",
		);
		this.#delete = database.prepare(`DELETE FROM instances ${where}`);
		this.#bump = database.prepare("UPDATE revision SET value = value + 1");
		this.#revision = database.prepare("SELECT value FROM revision");
		// A lease that lasts longer than any lease can was written before the machine restarted.
		this.#rows = database.prepare(
			"SELECT record, expires_at, expires_at > :now AS alive FROM instances WHERE expires_at <= :now + ttl_ms",
		);
		this.#sweep = database.prepare(
			"DELETE FROM instances WHERE expires_at < :now - ttl_ms OR expires_at > :now + ttl_ms",
		);
	}

	/**
	 * Renews the lease of a record. Writes the record when it is new, has changed or had run out. Sweeps now and then.
	 */
	put({ instance: { namespace, id }, text }: InstanceRecord, ttl: number): void {
		const now = machineNow();
		this.#sweepOnceIn(ttl, now);
		if (this.#find.get({ namespace, id, text, now }) !== undefined) {
			this.#renew.run({ namespace, id, now, ttl });
			return;
		}
		this.#put.run({ namespace, id, text, now, ttl });
		this.#bump.run();
	}

	delete({ instance: { namespace, id } }: InstanceRecord): void {
		if (this.#delete.run({ namespace, id }).changes !== 0) this.#bump.run();
	}

	/** Removes rows that ran out long ago. Readers leave out expired rows anyway, so this only saves space. */
	#sweepOnceIn(ttl: number, now: number): void {
		if (now - this.#sweptAt < ttl) return;
		this.#sweptAt = now;
		this.#sweep.run({ now });
	}

	revision(): number {
		return Number(this.#revision.get()?.value);
	}

	rows(): InstanceRow[] {
		return this.#rows.all({ now: machineNow() }).map((row) => ({
			text: String(row.record),
			expiresAt: Number(row.expires_at),
			isAlive: row.alive === 1,
		}));
	}
}
