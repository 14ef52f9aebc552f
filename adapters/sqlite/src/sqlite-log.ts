import { type Context, ServiceError } from "@allium/core";
import {
	type Behind,
	type Cursor,
	type Cursors,
	cursorAt,
	defaultLanes,
	defaultMaxEventBytes,
	defaultRetainMs,
	type EventRecord,
	type Log,
	type LogFeatures,
	type Page,
	type PageBounds,
	type Placed,
	placedText,
	positionOf,
	type Receipt,
	type TopicLog,
	type TopicOptions,
} from "@allium/core/event";
import type { EventFile } from "./event-file.ts";
import { EventPage } from "./event-page.ts";
import type { EventTables, NewTopic, TopicRow } from "./event-tables.ts";
import { LaneEnds } from "./lane-ends.ts";
import { newEvent } from "./new-event.ts";
import { nextTurn } from "./next-turn.ts";

/** The guarantees of a log in SQLite. */
export const features: LogFeatures = {
	order: "log",
	dedupeMs: Number.POSITIVE_INFINITY,
	atomic: true,
	syncs: "disk",
	maxEventBytes: defaultMaxEventBytes,
};

/** How many single events are read at once, before others have their turn. */
const mostPlaces = 64;

/** The place of a single event. */
interface PlaceInLane {
	readonly lane: number;
	readonly cursor: Cursor;
}

/** A log in a SQLite file. */
export class SqliteLog implements Log {
	readonly location: string;
	readonly #shared: EventFile;

	constructor(shared: EventFile) {
		this.location = shared.location;
		this.#shared = shared;
	}

	async open(name: string, options: TopicOptions, ctx: Context): Promise<TopicLog> {
		const {
			lanes = defaultLanes,
			retainMs = defaultRetainMs,
			retainBytes = Number.POSITIVE_INFINITY,
		} = options;
		const wanted = { lanes, retainMs, retainBytes };
		const row = await this.#shared.queue.write(({ tables }) => tables.needTopic(name, wanted), ctx);
		this.#shared.retention.start();
		return new SqliteTopicLog(name, row, this.#shared);
	}

	async find(name: string, ctx: Context): Promise<TopicLog | undefined> {
		const row = await this.#shared.file.read((tables) => tables.topic(name), ctx);
		return row === undefined ? undefined : new SqliteTopicLog(name, row, this.#shared);
	}

	async topics(ctx: Context): Promise<readonly string[]> {
		const rows = await this.#shared.file.read((tables) => tables.topics(), ctx);
		return (rows ?? []).map(({ name }) => name).sort();
	}

	close(): Promise<void> {
		return this.#shared.close();
	}
}

class SqliteTopicLog implements TopicLog {
	readonly topic: string;
	readonly lanes: number;
	readonly retainMs: number;
	readonly features = features;
	readonly #options: NewTopic;
	readonly #shared: EventFile;
	readonly #ends = new LaneEnds();

	constructor(topic: string, options: NewTopic, shared: EventFile) {
		this.topic = topic;
		this.lanes = options.lanes;
		this.retainMs = options.retainMs;
		this.#options = options;
		this.#shared = shared;
	}

	async append(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]> {
		const added = events.map((event) => newEvent(event, this.features.maxEventBytes));
		const { queue, bell } = this.#shared;
		const receipts = await queue.write((now) => now.append(this.topic, this.#options, added), ctx);
		bell.ring();
		return receipts;
	}

	async read(after: Cursors, bounds: PageBounds, ctx: Context): Promise<Page> {
		const page = new EventPage(this.topic, after, bounds, this.#ends);
		for (;;) {
			const isWhole = await this.#shared.file.read((tables) => page.read(tables), ctx);
			// Without a file there is nothing to read.
			if (isWhole !== false) return page.page;
			await nextTurn();
		}
	}

	async get(places: readonly PlaceInLane[], ctx: Context): Promise<readonly (Placed | undefined)[]> {
		const found: (Placed | undefined)[] = [];
		while (found.length < places.length) {
			const some = places.slice(found.length, found.length + mostPlaces);
			const read = await this.#read(
				(tables, { id }) => some.map((place) => placedAt(tables, id, place)),
				ctx,
			);
			found.push(...(read ?? some.map(() => undefined)));
			if (found.length < places.length) await nextTurn();
		}
		return found;
	}

	async find(id: string, ctx: Context): Promise<Placed | undefined> {
		return this.#read((tables, topic) => {
			const place = tables.find(topic.id, id);
			const row = place && tables.event(topic.id, place.lane, place.position);
			if (place === undefined || row === undefined) return undefined;
			return placedText(row.text, { lane: place.lane, cursor: cursorAt(row.position, id), bytes: row.bytes });
		}, ctx);
	}

	async at(when: "start" | "now" | Date, ctx: Context): Promise<Cursors> {
		const cursors = await this.#read((tables, topic) => placesAt(tables, topic, when), ctx);
		return cursors ?? new Map(Array.from({ length: this.lanes }, (_, lane) => [lane, ""]));
	}

	async diverged(after: Cursors, ctx: Context): Promise<readonly number[]> {
		const lanes = await this.#read((tables, topic) => divergedLanes(tables, topic, after), ctx);
		return lanes ?? [...after].filter(([, cursor]) => cursor !== "").map(([lane]) => lane);
	}

	async behind(after: Cursors, ctx: Context): Promise<ReadonlyMap<number, Behind>> {
		const read = await this.#read((tables, { id }) => {
			return Array.from(
				after,
				([lane, cursor]) => [lane, behindOf(tables, id, lane, positionOf(cursor))] as const,
			);
		}, ctx);
		return new Map(read ?? Array.from(after, ([lane]) => [lane, { events: 0, since: undefined }]));
	}

	async changed(after: Cursors, ctx: Context): Promise<void> {
		let seen = -1;
		const hasMore = (tables: EventTables, topic: TopicRow): boolean => {
			const { id, last } = topic;
			if (last === seen) return false;
			seen = last;
			return [...after].some(([lane, cursor]) => {
				const position = this.#ends.positionBehind(tables, topic, { lane, cursor });
				return position !== last && tables.firstBehind(id, lane, position) !== undefined;
			});
		};
		await this.#shared.bell.until(() => this.#read(hasMore, ctx), ctx);
	}

	async place({ id, cursor }: Receipt, ctx: Context): Promise<Cursor> {
		if (cursor !== undefined) return cursor;
		const found = await this.#read((tables, topic) => tables.find(topic.id, id), ctx);
		if (found !== undefined) return cursorAt(found.position, id);
		throw new ServiceError({
			code: "not_found",
			message: `the topic ${this.topic} has no event with the id ${id}, or keeps it no longer`,
		});
	}

	/** Reads of the topic; undefined where there is no file or no topic, because it was deleted. */
	#read<T>(run: (tables: EventTables, topic: TopicRow) => T, ctx: Context): Promise<T | undefined> {
		return this.#shared.file.read((tables) => {
			const topic = tables.topic(this.topic);
			return topic === undefined ? undefined : run(tables, topic);
		}, ctx);
	}
}

function placedAt(tables: EventTables, topic: number, { lane, cursor }: PlaceInLane): Placed | undefined {
	const row = tables.event(topic, lane, positionOf(cursor));
	if (row === undefined || cursorAt(row.position, row.id) !== cursor) return undefined;
	return placedText(row.text, { lane, cursor, bytes: row.bytes });
}

/** The place of each lane at which a reader begins. */
function placesAt(tables: EventTables, topic: TopicRow, when: "start" | "now" | Date): Cursors {
	const before = when === "now" ? topic.last + 1 : when === "start" ? 0 : tables.positionAt(when.getTime());
	const gone = tables.gone(topic.id);
	return new Map(
		Array.from({ length: topic.lanes }, (_, lane) => {
			const last = tables.lastBefore(topic.id, lane, before) ?? gone.get(lane);
			return [lane, last === undefined ? "" : cursorAt(last.position, last.id)];
		}),
	);
}

function divergedLanes(tables: EventTables, topic: TopicRow, after: Cursors): number[] {
	const gone = tables.gone(topic.id);
	return Array.from(after)
		.filter(([lane, cursor]) => {
			const position = positionOf(cursor);
			// An event that is no longer kept cannot be compared.
			if (position <= (gone.get(lane)?.position ?? 0)) return false;
			const row = tables.event(topic.id, lane, position);
			return row === undefined || cursorAt(position, row.id) !== cursor;
		})
		.map(([lane]) => lane);
}

function behindOf(tables: EventTables, topic: number, lane: number, position: number): Behind {
	const first = tables.firstBehind(topic, lane, position);
	if (first === undefined) return { events: 0, since: undefined };
	const last = tables.lastBefore(topic, lane, Infinity);
	return { events: (last?.number ?? first.number) - first.number + 1, since: first.time };
}
