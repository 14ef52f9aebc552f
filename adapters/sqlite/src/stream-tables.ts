import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { fnv1a } from "@allium/core/event";
import type { StreamSummary } from "@allium/core/store";
import { OutcomeTables } from "./outcome-tables.ts";
import { Query, type Row } from "./query.ts";
import { SnapshotTables } from "./snapshot-tables.ts";
import { storable } from "./storable.ts";
import { TransactionSql } from "./transaction-sql.ts";

/**
 * The tables and columns that streams add to a log. An event of a stream is one row of the log, which also has the
 * event's version in the stream. The index has only these rows, so that events outside of streams cost nothing more.
 *
 * It also has the sizes of events, so that a page is measured before it is read, and the hashes of their causes. The
 * events of a cause are thus found in this index, without an index of causes, whose pages every append would write in
 * random places. A stream has no column for its version: the last entry of the index tells it, and is about to be
 * written anyway.
 */
export const streamSql = `
	CREATE TABLE log (identity TEXT NOT NULL) STRICT;
	INSERT INTO log VALUES (lower(hex(randomblob(16))));
	CREATE TABLE streams (
		id INTEGER PRIMARY KEY,
		name TEXT NOT NULL UNIQUE,
		topic INTEGER NOT NULL
	) STRICT;
	ALTER TABLE events ADD COLUMN stream INTEGER;
	ALTER TABLE events ADD COLUMN version INTEGER;
	ALTER TABLE events ADD COLUMN cause_hash INTEGER;
	CREATE INDEX events_of_streams ON events (stream, version, bytes, cause_hash) WHERE stream IS NOT NULL;
	CREATE TABLE outcomes (
		id TEXT NOT NULL UNIQUE,
		fingerprint TEXT NOT NULL,
		text TEXT NOT NULL,
		keep_ms REAL NOT NULL,
		expires_at REAL NOT NULL
	) STRICT;
	CREATE INDEX outcomes_by_expiry ON outcomes (expires_at);
	CREATE TABLE snapshots (
		reader TEXT NOT NULL,
		stream TEXT NOT NULL,
		version INTEGER NOT NULL,
		text TEXT NOT NULL,
		UNIQUE (reader, stream)
	) STRICT`;

/** The hash of what caused an event; null without a cause. */
export function causeHash(causationId: string | undefined): number | null {
	return causationId === undefined ? null : fnv1a(causationId);
}

/** The place of an event in its stream. */
export interface StreamPlace {
	/** The number of the stream. */
	readonly id: number;
	readonly version: number;
}

/** A stream as it lies in the file. */
export interface StreamRow extends StreamPlace {
	/** The number of its topic. */
	readonly topic: number;
	readonly topicName: string;
}

/** An event's entry in the index of streams. */
export interface StreamEventSize {
	readonly version: number;
	readonly bytes: number;
}

/** An event of a stream in its place. */
export interface StreamEventRow extends StreamEventSize {
	readonly position: number;
	readonly lane: number;
	readonly id: string;
	readonly text: string;
}

/** An event of a topic, found by its id. */
export interface KnownRow {
	readonly position: number;
	readonly lane: number;
	readonly text: string;
	/** The name of its stream; undefined outside of streams. */
	readonly stream: string | undefined;
	/** 0 outside of streams. */
	readonly version: number;
}

/** The statements of streams. Statements that change something need a transaction. */
export class StreamTables {
	readonly outcomes: OutcomeTables;
	readonly snapshots: SnapshotTables;
	/** The SQL of services. */
	readonly sql: TransactionSql;
	readonly #stream: Query;
	readonly #make: Query;
	readonly #insert: Query;
	readonly #keepAll: Query;
	readonly #find: Query;
	readonly #sizes: Query;
	readonly #sizesBack: Query;
	readonly #events: Query;
	readonly #causedBy: Query;
	readonly #list: Query;
	readonly #identity: Query;

	constructor(database: DatabaseSync) {
		this.outcomes = new OutcomeTables(database);
		this.snapshots = new SnapshotTables(database);
		this.sql = new TransactionSql(database);
		const query = (sql: string): Query => new Query(database, sql);
		const ofStream = "FROM events WHERE stream = ? AND version";
		const versionOf = "(SELECT max(version) FROM events WHERE stream = streams.id)";
		const streamsAndTopics = "FROM streams JOIN topics ON topics.id = streams.topic";
		this.#stream = query(
			`SELECT streams.id, ${versionOf}, topic, topics.name ${streamsAndTopics} WHERE streams.name = ?`,
		);
		this.#make = query("INSERT INTO streams (name, topic) VALUES (?, ?)");
		this.#insert = query(
			"INSERT INTO events (topic, lane, key_hash, bytes, number, time, id, text, stream, version, cause_hash)" +
				" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		);
		this.#keepAll = query("UPDATE topics SET retain_ms = 9e999, retain_bytes = 9e999 WHERE id = ?");
		this.#find = query(
			"SELECT position, lane, text, streams.name, version FROM events" +
				" LEFT JOIN streams ON streams.id = events.stream WHERE events.topic = ? AND events.id = ?",
		);
		this.#sizes = query(`SELECT version, bytes ${ofStream} > ? ORDER BY version LIMIT ?`);
		this.#sizesBack = query(`SELECT version, bytes ${ofStream} < ? ORDER BY version DESC LIMIT ?`);
		this.#events = query(
			`SELECT version, position, lane, bytes, id, text ${ofStream} BETWEEN ? AND ? ORDER BY version`,
		);
		this.#causedBy = query(`SELECT version ${ofStream} BETWEEN ? AND ? AND cause_hash = ? ORDER BY version`);
		this.#list = query(
			`SELECT streams.name, topics.name, ${versionOf} ${streamsAndTopics}` +
				" WHERE streams.name >= max(?1, coalesce(?2, '')) AND streams.name IS NOT ?2 ORDER BY streams.name LIMIT ?3",
		);
		this.#identity = query("SELECT identity FROM log");
	}

	/** The identity of this log. */
	identity(): string {
		return String(this.#identity.get()?.[0]);
	}

	stream(name: string): StreamRow | undefined {
		const row = this.#stream.get(name);
		if (row === undefined) return undefined;
		return { id: Number(row[0]), version: Number(row[1]), topic: Number(row[2]), topicName: String(row[3]) };
	}

	/** Makes a stream. Returns its number. */
	make(name: string, topic: number): number {
		const id = this.#make.insert(name, topic);
		if (id === undefined) throw new Error(`SQLite made no stream ${name}`);
		return id;
	}

	/** Adds an event to the log and to a stream. Returns its position; undefined when the topic has one of this id. */
	insert(...values: SQLInputValue[]): number | undefined {
		return this.#insert.insert(...values);
	}

	/** From now on the topic keeps all that it has. */
	keepAll(topic: number): void {
		this.#keepAll.run(topic);
	}

	/** The event of a topic with this id, in any stream or in none. */
	find(topic: number, id: string): KnownRow | undefined {
		const row = this.#find.get(topic, storable(id));
		if (row === undefined) return undefined;
		const [position, lane, text, stream, version] = row;
		return {
			position: Number(position),
			lane: Number(lane),
			text: String(text),
			stream: stream === null ? undefined : String(stream),
			version: Number(version),
		};
	}

	/** The sizes of the events behind a version, in order. */
	sizes(stream: number, after: number, limit: number): StreamEventSize[] {
		return this.#sizes.all(stream, after, limit).map(sizeRow);
	}

	/** The sizes of the events before a version, the newest first. */
	sizesBack(stream: number, before: number, limit: number): StreamEventSize[] {
		return this.#sizesBack.all(stream, before, limit).map(sizeRow);
	}

	/** The events from a version up to another one, in order. */
	events(stream: number, first: number, last: number): StreamEventRow[] {
		return this.#events.all(stream, first, last).map(eventRow);
	}

	/** The versions from one up to another whose events may have this cause. Hashes may collide. */
	causedBy(stream: number, first: number, last: number, causationId: string): number[] {
		return this.#causedBy
			.all(stream, first, last, causeHash(causationId))
			.map(([version]) => Number(version));
	}

	/** The first streams from one name on and behind another one, in the order of their code points. */
	list(from: string, behind: string | undefined, limit: number): StreamSummary[] {
		return this.#list.all(from, behind ?? null, limit).map(([stream, topic, version]) => ({
			stream: String(stream),
			topic: String(topic),
			version: Number(version),
		}));
	}
}

function sizeRow([version, bytes]: Row): StreamEventSize {
	return { version: Number(version), bytes: Number(bytes) };
}

function eventRow([version, position, lane, bytes, id, text]: Row): StreamEventRow {
	return {
		version: Number(version),
		position: Number(position),
		lane: Number(lane),
		bytes: Number(bytes),
		id: String(id),
		text: String(text),
	};
}
