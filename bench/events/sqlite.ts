import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { eventText, fnv1a, laneOf } from "@allium/core/event";
import { broker } from "@allium/sqlite";
import { repeat } from "../closed-loop.ts";
import { BrokerParts } from "./broker-parts.ts";
import type { OpenParts, Part, PartFacts } from "./part.ts";
import { nextRecord, toldContract } from "./told.ts";

/** The deliveries of a round, however many groups there are. */
const deliveriesToBacklog = 2;

/** The broker of SQLite beside bare statements on a table with the same columns, indexes and settings. */
const openSqlite: OpenParts = async ({ url: folder, backlog }) => {
	const ours = new BrokerParts(() => broker(`sqlite://${join(folder, "ours")}`), backlog);
	const bare = new BareTable(join(folder, "bare.db"));
	const deliveries = deliveriesToBacklog * backlog;
	bare.fill(backlog);
	return {
		parts: [
			bare.inserts(1, { id: "insert 1", what: "bare inserts, a transaction each" }),
			await ours.append(1, { id: "append 1", what: "append to the log, 1 at once", floor: "insert 1" }),
			await ours.publish(1, { id: "publish 1", what: "publish, 1 at once", floor: "insert 1" }),
			bare.inserts(64, { id: "insert 64", what: "bare inserts, 64 a transaction" }),
			await ours.append(64, { id: "append 64", what: "append to the log, 64 at once", floor: "insert 64" }),
			await ours.publish(64, { id: "publish 64", what: "publish, 64 at once", floor: "insert 64" }),
			bare.pages({ id: "select", what: "bare SELECT of 256 rows a page, and JSON.parse" }),
			await ours.read({ id: "read", what: "read pages of 256 events, all lanes", floor: "select" }),
			await ours.handle({ id: "handle", what: "handle, 16 lanes, 16 at once", floor: "select" }),
			await ours.groups(1, deliveries, { id: "groups 1", what: "deliveries to 1 group" }),
			await ours.groups(100, deliveries, {
				id: "groups 100",
				what: "deliveries to 100 groups of a process",
				floor: "groups 1",
			}),
			await ours.idle({ id: "idle", what: "idle, from publishing to the handler" }),
		],
		close: async () => {
			bare.close();
			await ours.close();
		},
	};
};

export default openSqlite;

/** A table like that of the log, without a log. */
class BareTable {
	readonly #contract = toldContract("bare");
	readonly #database: DatabaseSync;
	/** The rows that are read. */
	#filled = 0;

	constructor(path: string) {
		this.#database = new DatabaseSync(path);
		this.#database.exec(`
			PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
			CREATE TABLE events (
				position INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL, lane INTEGER NOT NULL,
				key_hash INTEGER, bytes INTEGER NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL,
				id TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (topic, id)
			) STRICT;
			CREATE INDEX events_of_lanes ON events (topic, lane, position, key_hash, bytes)`);
	}

	fill(count: number): void {
		const insert = this.#insert();
		this.#database.exec("BEGIN");
		for (let n = 0; n < count; n++) insert();
		this.#database.exec("COMMIT");
		this.#filled = count;
	}

	/** Inserts rows, `rows` of them in a transaction. */
	inserts(rows: number, facts: PartFacts): Part {
		const insert = this.#insert();
		const transaction = (): number => {
			this.#database.exec("BEGIN IMMEDIATE");
			for (let n = 0; n < rows; n++) insert();
			this.#database.exec("COMMIT");
			return rows;
		};
		return { ...facts, measure: (ms) => repeat(transaction, ms) };
	}

	/** Reads the rows that were filled in, again and again. */
	pages(facts: PartFacts): Part {
		const select = this.#database.prepare(
			"SELECT position, text FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT 256",
		);
		select.setReturnArrays(true);
		let after = 0;
		const page = (): number => {
			const rows: unknown[] = select.all(after, this.#filled);
			for (const row of rows) {
				if (!Array.isArray(row)) throw new TypeError("a row is no array");
				after = Number(row[0]);
				JSON.parse(String(row[1]));
			}
			if (after >= this.#filled) after = 0;
			return rows.length;
		};
		return { ...facts, measure: (ms) => repeat(page, ms) };
	}

	close(): void {
		this.#database.close();
	}

	/** Inserts an event as a row. */
	#insert(): () => void {
		const statement = this.#database.prepare(
			"INSERT INTO events (topic, lane, key_hash, bytes, number, time, id, text) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
		);
		let number = 0;
		return () => {
			const event = nextRecord(this.#contract);
			const text = eventText(event, Number.POSITIVE_INFINITY);
			const { id, key = "" } = event;
			statement.run(laneOf(event, 16), fnv1a(key), Buffer.byteLength(text), ++number, Date.now(), id, text);
		};
	}
}
