import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { eventText, fnv1a, laneOf } from "@allium/core/event";
import { eventStore, viewStore } from "@allium/sqlite";
import { repeat } from "../closed-loop.ts";
import type { OpenParts, Part, PartFacts } from "../events/part.ts";
import { nextRecord, toldContract } from "../events/told.ts";
import { CommandParts } from "./command-parts.ts";
import { StoreParts, streamLength } from "./store-parts.ts";
import { ViewParts } from "./view-parts.ts";
import { WorkflowParts } from "./workflow-parts.ts";

/** The event store of SQLite beside bare statements on tables with the same columns, indexes and settings. */
const openSqliteStore: OpenParts = async ({ url: folder, backlog }) => {
	const store = await eventStore(`sqlite://${join(folder, "ours")}`);
	const [ours, decided] = [new StoreParts(store), new CommandParts(store)];
	const bare = new BareStreams(join(folder, "bare.db"));
	bare.fill();
	const runs = await WorkflowParts.start(store);
	const page = await ours.page(backlog, { id: "page", what: "page of 256 events of the log" });
	const views = new ViewParts(viewStore(`sqlite://${join(folder, "views")}`), await ours.pages());
	return {
		parts: [
			bare.appends(1, { id: "insert 1", what: "bare inserts of the same rows, a transaction each" }),
			ours.append(1, { id: "append 1", what: "append to streams, 1 at once", floor: "insert 1" }),
			bare.appends(64, { id: "insert 64", what: "bare inserts of the same rows, 64 a transaction" }),
			ours.append(64, { id: "append 64", what: "append to streams, 64 at once", floor: "insert 64" }),
			bare.loads({ id: "select", what: `bare SELECT of a stream of ${streamLength} events, and JSON.parse` }),
			await ours.load({ id: "load", what: `load of a stream of ${streamLength} events`, floor: "select" }),
			decided.loadAndAppend(16, {
				id: "load and append",
				what: "load of a stream and append to it, 16 at once",
			}),
			decided.commands(16, {
				id: "commands",
				what: "commands of a decider, 16 at once",
				floor: "load and append",
			}),
			ours.append(16, { id: "append 16", what: "append to streams, 16 at once" }),
			runs.steps(16, { id: "steps", what: "steps of workflows, 16 runs at once", floor: "append 16" }),
			page,
			views.documents({ id: "documents", what: "documents that are built from that log", floor: "page" }),
			views.tables({ id: "tables", what: "tables that are built from that log", floor: "page" }),
		],
		close: async () => {
			bare.close();
			await runs.close();
			await views.close();
			await ours.close();
		},
	};
};

export default openSqliteStore;

/** Streams in tables like those of the store, without a store. */
class BareStreams {
	readonly #contract = toldContract("bare");
	readonly #database: DatabaseSync;

	constructor(path: string) {
		this.#database = new DatabaseSync(path);
		this.#database.exec(`
			PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
			CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, topic INTEGER NOT NULL) STRICT;
			CREATE TABLE events (
				position INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL, lane INTEGER NOT NULL,
				key_hash INTEGER, bytes INTEGER NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL,
				id TEXT NOT NULL, text TEXT NOT NULL, stream INTEGER, version INTEGER, cause_hash INTEGER,
				UNIQUE (topic, id)
			) STRICT;
			CREATE INDEX events_of_lanes ON events (topic, lane, position, key_hash, bytes);
			CREATE INDEX events_of_streams ON events (stream, version, bytes, cause_hash) WHERE stream IS NOT NULL`);
	}

	/** Makes the stream that is loaded. */
	fill(): void {
		const insert = this.#insert();
		this.#database.exec("BEGIN");
		for (let n = 0; n < streamLength; n++) insert("loaded");
		this.#database.exec("COMMIT");
	}

	/** Inserts single events, `rows` of them in a transaction, into the streams of their keys. */
	appends(rows: number, facts: PartFacts): Part {
		const insert = this.#insert();
		const transaction = (): number => {
			this.#database.exec("BEGIN IMMEDIATE");
			for (let n = 0; n < rows; n++) insert();
			this.#database.exec("COMMIT");
			return rows;
		};
		return { ...facts, measure: (ms) => repeat(transaction, ms) };
	}

	/** Reads the stream that was filled in, again and again. */
	loads(facts: PartFacts): Part {
		const select = this.#database.prepare(
			"SELECT text FROM events WHERE stream = (SELECT id FROM streams WHERE name = ?) ORDER BY version",
		);
		select.setReturnArrays(true);
		const load = (): number => {
			const rows: unknown[] = select.all("loaded");
			for (const row of rows) {
				if (!Array.isArray(row)) throw new TypeError("a row is no array");
				JSON.parse(String(row[0]));
			}
			return rows.length;
		};
		return { ...facts, measure: (ms) => repeat(load, ms) };
	}

	close(): void {
		this.#database.close();
	}

	/** Inserts an event as a row. The versions of streams are counted here, as a store would read them. */
	#insert(): (stream?: string) => void {
		const find = this.#database.prepare(
			"SELECT id, (SELECT max(version) FROM events WHERE stream = streams.id) AS version FROM streams WHERE name = ?",
		);
		const make = this.#database.prepare("INSERT INTO streams (name, topic) VALUES (?, 1)");
		const statement = this.#database.prepare(
			"INSERT INTO events (topic, lane, key_hash, bytes, number, time, id, text, stream, version, cause_hash)" +
				" VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		);
		let number = 0;
		return (name) => {
			const event = nextRecord(this.#contract);
			const text = eventText(event, Number.POSITIVE_INFINITY);
			const { id, key = "" } = event;
			const stream = name ?? `bare/${key}`;
			const found = find.get(stream) ?? { id: make.run(stream).lastInsertRowid, version: 0 };
			const place = [Number(found.id), Number(found.version) + 1, fnv1a(id)] as const;
			const facts = [laneOf(event, 16), fnv1a(key), Buffer.byteLength(text), ++number, Date.now()] as const;
			statement.run(...facts, id, text, ...place);
		};
	}
}
