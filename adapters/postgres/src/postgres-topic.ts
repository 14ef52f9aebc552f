import { type Context, ServiceError } from "@allium/core";
import {
	type Behind,
	type Cursor,
	type Cursors,
	cursorAt,
	type EventRecord,
	type LogFeatures,
	type Page,
	type PageBounds,
	type Placed,
	positionOf,
	type Receipt,
	type TopicLog,
} from "@allium/core/event";
import type { AppendQueue } from "./append-queue.ts";
import type { BackendHandle } from "./backend-handle.ts";
import { eventRow } from "./event-row.ts";
import { indexedText } from "./stored-text.ts";
import { TopicReading } from "./topic-reading.ts";
import type { TopicRow } from "./topic-row.ts";

const placeSql = `
SELECT position::float8, id FROM events LEFT JOIN log USING (seq) WHERE events.topic = $1 AND id = $2`;

/** The parts that the topics of a log share. */
export interface TopicParts {
	readonly handle: BackendHandle;
	readonly queue: AppendQueue;
	readonly features: LogFeatures;
}

/** One topic in PostgreSQL. */
export class PostgresTopic implements TopicLog {
	readonly topic: string;
	readonly lanes: number;
	readonly retainMs: number;
	readonly features: LogFeatures;
	readonly #row: TopicRow;
	readonly #parts: TopicParts;
	readonly #reading: TopicReading;

	constructor(name: string, row: TopicRow, parts: TopicParts) {
		this.topic = name;
		this.lanes = row.lanes;
		this.retainMs = row.retainMs ?? Number.POSITIVE_INFINITY;
		this.features = parts.features;
		this.#row = row;
		this.#parts = parts;
		this.#reading = new TopicReading(parts.handle, row.id, row.lanes);
	}

	async append(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]> {
		this.#parts.handle.check(ctx);
		if (events.length === 0) return [];
		const { maxEventBytes } = this.features;
		const rows = events.map((event) => eventRow(event, this.#row, maxEventBytes));
		const added = await this.#parts.queue.add(rows, ctx);
		return events.map(({ id }, index) => {
			const row = rows[index];
			const isAdded = row !== undefined && added.has(row);
			return { id, lane: row?.lane ?? 0, cursor: undefined, duplicate: !isAdded };
		});
	}

	async read(after: Cursors, bounds: PageBounds, ctx: Context): Promise<Page> {
		const { page, isPending } = await this.#reading.read(after, bounds, ctx);
		if (!isPending) return page;
		// Events that were published before this call have to be found.
		await this.#settled(ctx);
		return (await this.#reading.read(after, bounds, ctx)).page;
	}

	async get(
		places: readonly { readonly lane: number; readonly cursor: Cursor }[],
		ctx: Context,
	): Promise<readonly (Placed | undefined)[]> {
		const found = await this.#found(places, ctx);
		return places.map((place) => found.get(placeText(place)));
	}

	async find(id: string, ctx: Context): Promise<Placed | undefined> {
		// An event that was published before this call must have its position.
		await this.#settled(ctx);
		return this.#reading.find(id, ctx);
	}

	async at(when: "start" | "now" | Date, ctx: Context): Promise<Cursors> {
		// Events that were published before this call must have their positions.
		if (when !== "start") await this.#settled(ctx);
		return this.#reading.at(when, ctx);
	}

	async diverged(after: Cursors, ctx: Context): Promise<readonly number[]> {
		const places = Array.from(after, ([lane, cursor]) => ({ lane, cursor }));
		const found = await this.#found(places, ctx);
		// An event that is no longer kept cannot be compared. The bounds are read last, because events may go meanwhile.
		const gone = await this.#reading.gone(ctx);
		return places
			.filter(
				(place) => positionOf(place.cursor) > (gone.get(place.lane) ?? 0) && !found.has(placeText(place)),
			)
			.map(({ lane }) => lane);
	}

	async behind(after: Cursors, ctx: Context): Promise<ReadonlyMap<number, Behind>> {
		await this.#settled(ctx);
		return this.#reading.behind(after, ctx);
	}

	async changed(after: Cursors, ctx: Context): Promise<void> {
		await this.#parts.handle.wait(`t${this.#row.id}`, () => this.#reading.isAnyBehind(after, ctx), ctx);
	}

	async place({ id, cursor }: Receipt, ctx: Context): Promise<Cursor> {
		if (cursor !== undefined) return cursor;
		const stored = indexedText(id);
		for (;;) {
			const found = await this.#parts.handle.query<{ position: number | null; id: string }>(
				placeSql,
				[this.#row.id, stored],
				ctx,
			);
			const [row] = found;
			if (row === undefined) throw notKept(this.topic, id);
			if (row.position !== null) return cursorAt(row.position, row.id);
			await this.#settled(ctx);
		}
	}

	/** Resolves once all that was published before has its position. */
	#settled(ctx: Context): Promise<void> {
		const { handle } = this.#parts;
		handle.check(ctx);
		return handle.backend.sequencer.settled(ctx);
	}

	/** The events at these places, by place. */
	async #found(
		places: readonly { readonly lane: number; readonly cursor: Cursor }[],
		ctx: Context,
	): Promise<ReadonlyMap<string, Placed>> {
		this.#parts.handle.check(ctx);
		if (places.length === 0) return new Map();
		const events = await this.#reading.get(places, ctx);
		return new Map(events.map((placed) => [placeText(placed), placed]));
	}
}

/** A place as text. The cursor names its event, too. */
function placeText({ lane, cursor }: { readonly lane: number; readonly cursor: Cursor }): string {
	return `${lane} ${cursor}`;
}

function notKept(topic: string, id: string): ServiceError {
	return new ServiceError({
		code: "not_found",
		message: `the topic ${topic} has no event with the id ${id}, or keeps it no longer`,
	});
}
