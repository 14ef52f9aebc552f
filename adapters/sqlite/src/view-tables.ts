import type { DatabaseSync } from "node:sqlite";
import type { Slice } from "@allium/core/event";
import type {
	DocumentQuery,
	ParkedKey,
	StoredDocument,
	ViewBuildReport,
	ViewChange,
	ViewDefinition,
	ViewPlaces,
} from "@allium/core/store";
import type { Schema } from "./database-file.ts";
import type { GuardedSql } from "./guarded-sql.ts";
import { Query, type Row } from "./query.ts";
import { ViewDocuments } from "./view-documents.ts";
import { placesText, readParkedKey, readPlaces } from "./view-places.ts";
import { viewSql } from "./view-sql.ts";

/** The tables of a build of a view, in addition to the tables of the view itself. */
const sql = `
	CREATE TABLE allium_build (
		id INTEGER PRIMARY KEY CHECK (id = 1),
		name TEXT NOT NULL,
		version INTEGER NOT NULL,
		tables TEXT,
		shape TEXT NOT NULL,
		created_at INTEGER NOT NULL,
		epoch INTEGER NOT NULL,
		holder TEXT,
		renewal INTEGER NOT NULL,
		live_since INTEGER NOT NULL,
		trouble TEXT,
		owner TEXT,
		topics TEXT
	) STRICT;
	CREATE TABLE allium_places (
		topic TEXT NOT NULL,
		lane INTEGER NOT NULL,
		cursor TEXT NOT NULL,
		PRIMARY KEY (topic, lane)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE allium_documents (key TEXT PRIMARY KEY, text TEXT NOT NULL, fields TEXT NOT NULL) STRICT;
	CREATE TABLE allium_fields (
		name TEXT NOT NULL,
		value TEXT NOT NULL,
		key TEXT NOT NULL,
		PRIMARY KEY (name, value, key)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX allium_fields_by_key ON allium_fields (key);
	CREATE TABLE allium_parked (key TEXT PRIMARY KEY, text TEXT NOT NULL, due INTEGER NOT NULL) STRICT;
`;

/** Version 2 tells the app that projects a view, and the topics that it is made from. */
const upgrades: readonly string[] = [
	"ALTER TABLE allium_build ADD COLUMN owner TEXT; ALTER TABLE allium_build ADD COLUMN topics TEXT",
];

/**
 * The schema of a build. NORMAL is enough, because the rows and the places that they stand for are one transaction: a
 * power cut may cost the last ones, which are then made again.
 */
export function viewSchema(name: string, isReader: boolean): Schema<ViewTables> {
	return {
		name: `the view ${name}`,
		synchronous: "NORMAL",
		mark: "allium_build",
		version: 2,
		sql,
		upgrades,
		prepare(database) {
			if (isReader) database.exec("PRAGMA query_only = ON");
			return new ViewTables(database, isReader);
		},
	};
}

/** The facts about a build other than its report. */
export interface DefinedBuild {
	readonly definition: ViewDefinition;
	/** When it was made live last, counted over all builds of its version; 0 before it is built. */
	readonly liveSince: number;
	readonly report: Omit<ViewBuildReport, "build">;
}

/** The statements on a build. */
export class ViewTables {
	readonly database: DatabaseSync;
	readonly sql: GuardedSql;
	readonly documents: ViewDocuments;
	readonly #define: Query;
	readonly #adopt: Query;
	readonly #build: Query;
	readonly #places: Query;
	readonly #place: Query;
	readonly #claim: Query;
	readonly #renew: Query;
	readonly #release: Query;
	readonly #live: Query;
	readonly #park: Query;
	readonly #unpark: Query;
	readonly #parkedPage: Query;
	readonly #parkedKey: Query;
	readonly #anyParked: Query;
	readonly #parkedCount: Query;
	readonly #retry: Query;
	readonly #retryAll: Query;

	constructor(database: DatabaseSync, isReader: boolean) {
		const query = (text: string): Query => new Query(database, text);
		this.database = database;
		this.sql = viewSql(database, isReader);
		this.documents = new ViewDocuments(database);
		this.#define = query(
			`INSERT INTO allium_build (id, name, version, tables, shape, owner, topics, created_at, epoch, holder, renewal, live_since)
			VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, 0)`,
		);
		this.#adopt = query("UPDATE allium_build SET owner = coalesce(owner, ?), topics = coalesce(topics, ?)");
		this.#build = query(
			`SELECT name, version, tables, shape, created_at, epoch, holder, renewal, live_since, trouble, owner, topics
			FROM allium_build`,
		);
		this.#places = query("SELECT topic, lane, cursor FROM allium_places");
		this.#place = query(
			`INSERT INTO allium_places (topic, lane, cursor) VALUES (?, ?, ?)
			ON CONFLICT (topic, lane) DO UPDATE SET cursor = excluded.cursor`,
		);
		this.#claim = query("UPDATE allium_build SET epoch = epoch + 1, holder = ?, renewal = 0 WHERE epoch = ?");
		this.#renew = query(
			"UPDATE allium_build SET renewal = renewal + 1, trouble = ? WHERE epoch = ? AND holder IS NOT NULL",
		);
		this.#release = query("UPDATE allium_build SET renewal = renewal + 1, holder = NULL WHERE epoch = ?");
		this.#live = query("UPDATE allium_build SET live_since = ?");
		this.#park = query(
			`INSERT INTO allium_parked (key, text, due) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET text = excluded.text, due = excluded.due`,
		);
		this.#unpark = query("DELETE FROM allium_parked WHERE key = ?");
		this.#parkedPage = query("SELECT text, due FROM allium_parked WHERE key > ? ORDER BY key LIMIT ?");
		this.#parkedKey = query("SELECT text, due FROM allium_parked WHERE key = ?");
		this.#anyParked = query("SELECT 1 FROM allium_parked LIMIT 1");
		this.#parkedCount = query("SELECT count(*), coalesce(max(due), 0) FROM allium_parked");
		this.#retry = query("UPDATE allium_parked SET due = 1 WHERE key = ?");
		this.#retryAll = query("UPDATE allium_parked SET due = 1");
	}

	/** Makes the build, in an empty file. */
	define({ name, version, tables, shape, owner, topics }: ViewDefinition): void {
		const now = Date.now();
		const told = [owner ?? null, topicsText(topics)];
		// A lease on a file that was deleted is worth nothing on the one that comes after it.
		this.#define.run(name, version, tables ?? null, shape, ...told, now, now * 1_000);
		if (tables !== undefined) this.database.exec(tables);
	}

	/** Adds facts about the version that were not known when the build was created. */
	adopt({ owner, topics }: ViewDefinition): void {
		this.#adopt.run(owner ?? null, topicsText(topics));
	}

	/** Undefined where the file was made and nothing else. */
	build(): DefinedBuild | undefined {
		const row = this.#build.get();
		if (row === undefined) return undefined;
		const [name, version, tables, shape, createdAt, epoch, holder, renewal, liveSince, trouble, ...told] =
			row;
		const [owner, topics] = told.map(textOf);
		const [parked, due] = this.#parkedCount.get() ?? [];
		return {
			definition: {
				name: String(name),
				version: Number(version),
				tables: textOf(tables),
				shape: String(shape),
				owner,
				...(topics !== undefined && { topics: JSON.parse(topics) }),
			},
			liveSince: Number(liveSince),
			report: {
				createdAt: Number(createdAt),
				isBuilt: Number(liveSince) > 0,
				holder: textOf(holder),
				epoch: Number(epoch),
				renewal: `${epoch}.${renewal}`,
				places: this.places(),
				parked: Number(parked),
				isDue: due === 1,
				trouble: textOf(trouble),
			},
		};
	}

	/** Whether {@link define} has made the build. */
	isDefined(): boolean {
		return this.#build.get() !== undefined;
	}

	places(): ViewPlaces {
		return readPlaces(this.#places.all());
	}

	/** Whether the epoch was the latest. */
	claim(member: string, seenEpoch: number): boolean {
		return this.#claim.run(member, seenEpoch) > 0;
	}

	/** Whether the epoch is the latest. */
	renew(epoch: number, trouble: string | undefined): boolean {
		return this.#renew.run(trouble ?? null, epoch) > 0;
	}

	release(epoch: number): void {
		this.#release.run(epoch);
	}

	setLive(since: number): void {
		this.#live.run(since);
	}

	save({ places, documents, park = [], unpark = [] }: ViewChange): void {
		for (const [topic, cursors] of places) {
			for (const [lane, cursor] of cursors) this.#place.run(topic, lane, cursor);
		}
		if (documents !== undefined) this.documents.save(documents);
		for (const key of unpark) this.#unpark.run(key);
		for (const each of park) {
			const { due, from, ...rest } = each;
			this.#park.run(each.key, JSON.stringify({ ...rest, from: placesText(from) }), Number(due));
		}
	}

	parked(after: string | undefined, limit: number): Slice<ParkedKey> {
		const items = this.#parkedPage.all(after ?? "", limit + 1).map(parkedOf);
		const last = items.length > limit ? items[limit - 1] : undefined;
		return { items: items.slice(0, limit), ...(last !== undefined && { next: last.key }) };
	}

	parkedKeys(keys: readonly string[]): readonly ParkedKey[] {
		return this.#together(() => {
			if (this.#anyParked.get() === undefined) return [];
			return keys.flatMap((key) => {
				const row = this.#parkedKey.get(key);
				return row === undefined ? [] : parkedOf(row);
			});
		});
	}

	retry(keys: readonly string[] | "all"): number {
		if (keys === "all") return this.#retryAll.run();
		return keys.reduce((sum, key) => sum + this.#retry.run(key), 0);
	}

	get(keys: readonly string[]): ReadonlyMap<string, string> {
		return this.#together(() => this.documents.get(keys));
	}

	find(query: DocumentQuery): Slice<StoredDocument> {
		return this.documents.find(query);
	}

	/** Reads of one moment. SQLite takes its lock once, and not for each of them. */
	#together<T>(read: () => T): T {
		if (this.database.isTransaction) return read();
		this.database.exec("BEGIN");
		try {
			return read();
		} finally {
			if (this.database.isTransaction) this.database.exec("COMMIT");
		}
	}
}

function parkedOf([text, due]: Row): ParkedKey {
	return readParkedKey(String(text), due === 1);
}

function topicsText(topics: readonly string[] | undefined): string | null {
	return topics === undefined ? null : JSON.stringify(topics);
}

function textOf(value: unknown): string | undefined {
	return typeof value === "string" ? value : undefined;
}
