import type { DatabaseSync } from "node:sqlite";
import { type EventRecord, fnv1a } from "@allium/core/event";
import type { Schema } from "./database-file.ts";
import { Query, type Row } from "./query.ts";
import { storable } from "./storable.ts";
import { causeHash, type StreamPlace, StreamTables, streamSql } from "./stream-tables.ts";

/** A topic as it lies in the file. */
export interface TopicRow {
	readonly id: number;
	readonly name: string;
	readonly lanes: number;
	/** How long events are kept, in milliseconds. */
	readonly retainMs: number;
	/** How many bytes of events are kept. */
	readonly retainBytes: number;
	/** The bytes of the events that are kept. */
	readonly bytes: number;
	/** The position of its newest event. It stays when that is gone. */
	readonly last: number;
}

/** An event's entry in the index of lanes. */
export interface EventSize {
	readonly position: number;
	/** The bytes of its text. */
	readonly bytes: number;
}

/** An event without its text. */
export interface EventEntry extends EventSize {
	readonly id: string;
	/** When it was added, in milliseconds since 1970. */
	readonly time: number;
}

/** An event in its place. */
export interface EventRow extends EventEntry {
	readonly text: string;
}

/** An event that is to be added. */
export interface NewEvent {
	readonly event: EventRecord;
	readonly text: string;
	/** The bytes of the text. */
	readonly bytes: number;
}

/** The number of an event in its lane, and the time at which it was added, in milliseconds since 1970. */
export interface EventCount {
	readonly number: number;
	readonly time: number;
}

/** The place of a new event. */
export interface NewPlace extends EventCount {
	readonly lane: number;
	/** Undefined outside of streams. */
	readonly stream?: StreamPlace | undefined;
}

/** The place of an event. */
export interface EventPlace {
	readonly position: number;
	readonly id: string;
}

/** How a topic is made. Infinity is no bound. */
export interface NewTopic {
	readonly lanes: number;
	readonly retainMs: number;
	readonly retainBytes: number;
}

/** The tables of `events.db`. */
export const eventSchema: Schema<EventTables> = {
	name: "the log",
	synchronous: "FULL",
	// The newest pages of the indexes change in every transaction, so that rarer checkpoints write much less.
	checkpointPages: 4_000,
	mark: "topics",
	version: 2,
	// Positions are never given twice, not even when the newest events are gone. `number` counts the events of a lane, so
	// that a lag is a subtraction. The index of lanes also has the data that is read for many events at once: sizes, so
	// that a page is measured before it is read, and the hashes of keys, so that the events of a key are found without
	// another index, whose pages every transaction would write in random places.
	sql: `
		CREATE TABLE topics (
			id INTEGER PRIMARY KEY,
			name TEXT NOT NULL UNIQUE,
			lanes INTEGER NOT NULL,
			retain_ms REAL NOT NULL,
			retain_bytes REAL NOT NULL,
			bytes INTEGER NOT NULL DEFAULT 0,
			last INTEGER NOT NULL DEFAULT 0
		) STRICT;
		CREATE TABLE events (
			position INTEGER PRIMARY KEY AUTOINCREMENT,
			topic INTEGER NOT NULL,
			lane INTEGER NOT NULL,
			key_hash INTEGER,
			bytes INTEGER NOT NULL,
			number INTEGER NOT NULL,
			time INTEGER NOT NULL,
			id TEXT NOT NULL,
			text TEXT NOT NULL,
			UNIQUE (topic, id)
		) STRICT;
		CREATE INDEX events_of_lanes ON events (topic, lane, position, key_hash, bytes);
		CREATE TABLE gone (
			topic INTEGER NOT NULL,
			lane INTEGER NOT NULL,
			position INTEGER NOT NULL,
			id TEXT NOT NULL,
			PRIMARY KEY (topic, lane)
		) STRICT, WITHOUT ROWID;
		${streamSql}`,
	upgrades: [streamSql],
	prepare: (database) => new EventTables(database),
};

/** The statements of a log. Statements that change something need a transaction. */
export class EventTables {
	readonly #topic: Query;
	readonly #topics: Query;
	readonly #makeTopic: Query;
	readonly #noteTopic: Query;
	readonly #insert: Query;
	readonly #find: Query;
	readonly #sizes: Query;
	readonly #sizesOfKey: Query;
	readonly #events: Query;
	readonly #entry: Query;
	readonly #bytesBetween: Query;
	readonly #eventsBetween: Query;
	readonly #firstBehind: Query;
	readonly #lastBefore: Query;
	readonly #firstFrom: Query;
	readonly #sequence: Query;
	readonly #delete: Query;
	readonly #gone: Query;
	readonly #noteGone: Query;
	readonly #database: DatabaseSync;
	#streams: StreamTables | undefined;

	constructor(database: DatabaseSync) {
		this.#database = database;
		const query = (sql: string): Query => new Query(database, sql);
		const topicColumns = "id, name, lanes, retain_ms, retain_bytes, bytes, last";
		const ofLane = "FROM events WHERE topic = ? AND lane = ?";
		this.#topic = query(`SELECT ${topicColumns} FROM topics WHERE name = ?`);
		this.#topics = query(`SELECT ${topicColumns} FROM topics`);
		this.#makeTopic = query(
			`INSERT INTO topics (name, lanes, retain_ms, retain_bytes) VALUES (?, ?, ?, ?) RETURNING ${topicColumns}`,
		);
		this.#noteTopic = query("UPDATE topics SET bytes = bytes + ?, last = max(last, ?) WHERE id = ?");
		this.#insert = query(
			"INSERT INTO events (topic, lane, key_hash, bytes, number, time, id, text)" +
				" VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		);
		this.#find = query("SELECT position, lane FROM events WHERE topic = ? AND id = ?");
		this.#sizes = query(`SELECT position, bytes ${ofLane} AND position > ? ORDER BY position LIMIT ?`);
		this.#sizesOfKey = query(
			`SELECT position, bytes ${ofLane} AND position > ? AND position <= ? AND key_hash = ? ORDER BY position LIMIT ?`,
		);
		this.#events = query(
			`SELECT position, bytes, id, time, text ${ofLane} AND position > ? AND position <= ? ORDER BY position`,
		);
		this.#entry = query("SELECT position, bytes, id, time FROM events WHERE position = ?");
		// Without this it would sort all that the topic has, by an index.
		const between = "FROM events NOT INDEXED WHERE topic = ? AND position > ? AND position <= ?";
		this.#bytesBetween = query(`SELECT sum(bytes) ${between}`);
		this.#eventsBetween = query(`SELECT position, bytes, id, time, text, lane ${between} ORDER BY position`);
		this.#firstBehind = query(`SELECT number, time ${ofLane} AND position > ? ORDER BY position LIMIT 1`);
		this.#lastBefore = query(
			`SELECT position, id, number ${ofLane} AND position < ? ORDER BY position DESC LIMIT 1`,
		);
		this.#firstFrom = query(
			"SELECT position, time FROM events WHERE position >= ? ORDER BY position LIMIT 1",
		);
		this.#sequence = query("SELECT seq FROM sqlite_sequence WHERE name = 'events'");
		this.#delete = query("DELETE FROM events WHERE position = ?");
		this.#gone = query("SELECT lane, position, id FROM gone WHERE topic = ?");
		this.#noteGone = query("INSERT OR REPLACE INTO gone (topic, lane, position, id) VALUES (?, ?, ?, ?)");
	}

	/** The statements of streams. Only who uses streams pays for them. */
	get streams(): StreamTables {
		this.#streams ??= new StreamTables(this.#database);
		return this.#streams;
	}

	topic(name: string): TopicRow | undefined {
		const row = this.#topic.get(storable(name));
		return row === undefined ? undefined : topicRow(row);
	}

	topics(): TopicRow[] {
		return this.#topics.all().map(topicRow);
	}

	/** Makes a topic if it is missing. */
	needTopic(name: string, { lanes, retainMs, retainBytes }: NewTopic): TopicRow {
		const row =
			this.#topic.get(storable(name)) ?? this.#makeTopic.get(storable(name), lanes, retainMs, retainBytes);
		if (row === undefined) throw new Error(`SQLite made no topic ${name}`);
		return topicRow(row);
	}

	/** Notes that a topic has more bytes or fewer, and its newest event. */
	noteTopic(topic: number, bytes: number, last: number): void {
		this.#noteTopic.run(bytes, last, topic);
	}

	/** Adds an event. Returns its position; undefined when the topic has one of this id. */
	insert(topic: number, added: NewEvent, { lane, number, time, stream }: NewPlace): number | undefined {
		const { event, bytes, text } = added;
		const keyHash = event.key === undefined ? null : fnv1a(event.key);
		const values = [topic, lane, keyHash, bytes, number, time, storable(event.id), text] as const;
		if (stream === undefined) return this.#insert.insert(...values);
		return this.streams.insert(...values, stream.id, stream.version, causeHash(event.causationId));
	}

	/** The place of an id. */
	find(topic: number, id: string): { readonly position: number; readonly lane: number } | undefined {
		const row = this.#find.get(topic, storable(id));
		return row === undefined ? undefined : { position: Number(row[0]), lane: Number(row[1]) };
	}

	/** The sizes of the events behind a position of a lane, in order. */
	sizes(topic: number, lane: number, after: number, limit: number): EventSize[] {
		return this.#sizes.all(topic, lane, after, limit).map(sizeRow);
	}

	/** The sizes of the events of a key behind a position of a lane and up to another one. Hashes may collide. */
	sizesOfKey(
		topic: number,
		lane: number,
		after: number,
		through: number,
		key: number,
		limit: number,
	): EventSize[] {
		return this.#sizesOfKey.all(topic, lane, after, through, key, limit).map(sizeRow);
	}

	/** The events behind a position of a lane and up to another one. */
	events(topic: number, lane: number, after: number, through: number): EventRow[] {
		return this.#events.all(topic, lane, after, through).map(eventRow);
	}

	/** The bytes of the events of all lanes behind a position and up to another one. */
	bytesBetween(topic: number, after: number, through: number): number {
		return Number(this.#bytesBetween.get(topic, after, through)?.[0] ?? 0);
	}

	/** The events of all lanes behind a position and up to another one, each with its lane. */
	eventsBetween(topic: number, after: number, through: number): (readonly [EventRow, number])[] {
		const rows = this.#eventsBetween.all(topic, after, through);
		return rows.map((row) => [eventRow(row), Number(row[5])] as const);
	}

	event(topic: number, lane: number, position: number): EventRow | undefined {
		const [row] = this.#events.all(topic, lane, position - 1, position);
		return row === undefined ? undefined : eventRow(row);
	}

	/** The event at a position, without its text. */
	entry(position: number): EventEntry | undefined {
		const row = this.#entry.get(position);
		return row === undefined ? undefined : eventEntry(row);
	}

	/** The first event of a lane behind a position. */
	firstBehind(topic: number, lane: number, after: number): EventCount | undefined {
		const row = this.#firstBehind.get(topic, lane, after);
		return row === undefined ? undefined : { number: Number(row[0]), time: Number(row[1]) };
	}

	/** The last event of a lane before a position. */
	lastBefore(
		topic: number,
		lane: number,
		before: number,
	): (EventPlace & { readonly number: number }) | undefined {
		const row = this.#lastBefore.get(topic, lane, before);
		if (row === undefined) return undefined;
		return { position: Number(row[0]), id: String(row[1]), number: Number(row[2]) };
	}

	/** The last event of each lane that is kept no longer, by lane. */
	gone(topic: number): Map<number, EventPlace> {
		const rows = this.#gone.all(topic);
		return new Map(
			rows.map(([lane, position, id]) => [Number(lane), { position: Number(position), id: String(id) }]),
		);
	}

	/** Removes the first events of a lane. Returns how many bytes they had. */
	remove(topic: number, lane: number, events: readonly EventEntry[]): number {
		const last = events.at(-1);
		if (last === undefined) return 0;
		for (const { position } of events) this.#delete.run(position);
		this.#noteGone.run(topic, lane, last.position, last.id);
		return events.reduce((sum, { bytes }) => sum + bytes, 0);
	}

	/** The position of the first event of all topics that was added at a time or later; Infinity without one. */
	positionAt(time: number): number {
		let [low, high] = [0, this.#lastPosition() + 1];
		while (low < high) {
			const middle = Math.floor((low + high) / 2);
			const row = this.#firstFrom.get(middle);
			if (row === undefined || Number(row[1]) >= time) high = middle;
			else low = Number(row[0]) + 1;
		}
		return low;
	}

	/** The position that was given last. */
	#lastPosition(): number {
		return Number(this.#sequence.get()?.[0] ?? 0);
	}
}

function topicRow([id, name, lanes, retainMs, retainBytes, bytes, last]: Row): TopicRow {
	return {
		id: Number(id),
		name: String(name),
		lanes: Number(lanes),
		retainMs: Number(retainMs),
		retainBytes: Number(retainBytes),
		bytes: Number(bytes),
		last: Number(last),
	};
}

function sizeRow([position, bytes]: Row): EventSize {
	return { position: Number(position), bytes: Number(bytes) };
}

function eventEntry([position, bytes, id, time]: Row): EventEntry {
	return { position: Number(position), bytes: Number(bytes), id: String(id), time: Number(time) };
}

function eventRow([position, bytes, id, time, text]: Row): EventRow {
	return {
		position: Number(position),
		bytes: Number(bytes),
		id: String(id),
		time: Number(time),
		text: String(text),
	};
}
