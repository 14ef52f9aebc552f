import type { DatabaseSync } from "node:sqlite";
import type { Snapshot } from "@allium/core/store";
import { Query } from "./query.ts";
import { storable } from "./storable.ts";

/** The statements of snapshots. */
export class SnapshotTables {
	readonly #find: Query;
	readonly #save: Query;
	readonly #dropOfReader: Query;
	readonly #drop: Query;

	constructor(database: DatabaseSync) {
		this.#find = new Query(database, "SELECT version, text FROM snapshots WHERE reader = ? AND stream = ?");
		this.#save = new Query(
			database,
			`INSERT INTO snapshots (reader, stream, version, text) VALUES (?, ?, ?, ?)
			ON CONFLICT (reader, stream) DO UPDATE SET version = excluded.version, text = excluded.text
			WHERE excluded.version >= version`,
		);
		const drop = (where: string): Query =>
			new Query(
				database,
				`DELETE FROM snapshots WHERE rowid IN (SELECT rowid FROM snapshots ${where} LIMIT ?)`,
			);
		this.#dropOfReader = drop("WHERE reader = ?");
		this.#drop = drop("");
	}

	find(stream: string, reader: string): Snapshot | undefined {
		const row = this.#find.get(storable(reader), storable(stream));
		return row === undefined ? undefined : { stream, reader, version: Number(row[0]), text: String(row[1]) };
	}

	/** Keeps a snapshot, unless there is a newer one. */
	save({ stream, reader, version, text }: Snapshot): void {
		this.#save.run(storable(reader), storable(stream), version, text);
	}

	/** Removes some snapshots, of all readers or of one. Returns how many. */
	drop(reader: string | undefined, most: number): number {
		return reader === undefined ? this.#drop.run(most) : this.#dropOfReader.run(storable(reader), most);
	}
}
