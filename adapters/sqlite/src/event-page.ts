import {
	type Cursor,
	type Cursors,
	cursorAt,
	fnv1a,
	type Page,
	type PageBounds,
	type Placed,
	placedText,
	positionOf,
} from "@allium/core/event";
import type { EventPlace, EventRow, EventSize, EventTables, TopicRow } from "./event-tables.ts";
import { LaneEnds } from "./lane-ends.ts";

/** For how long a page is read at once, in milliseconds: it is read on in the next turn of the event loop. */
const sliceMs = 2;
/** How much of a lane is read at once, in order that others come next and a slice is not much longer. */
const chunk = { events: 64, bytes: 128 * 1024 };
/** How much of all lanes is read at once. If events are larger, a query for each lane costs little in comparison. */
const across = { positions: 256, bytes: 512 * 1024 };
/** How many positions are searched for a key at once. */
const keyChunk = 16_384;

/** A lane that is being read. */
interface Reading {
	readonly lane: number;
	/** It has been read up to here. */
	position: number;
}

/**
 * Reads one page in slices. Lanes that are close together are read by one query, in the order of the log; this takes a
 * third of the time. Otherwise each lane is read for itself.
 */
export class EventPage {
	readonly #topic: string;
	readonly #bounds: PageBounds;
	readonly #keyHash: number | undefined;
	readonly #ends: LaneEnds;
	readonly #lanes: readonly Reading[];
	/** The lanes that may have more, once each is read for itself. They take turns. */
	#open: Reading[] | undefined;
	readonly #next: Map<number, Cursor>;
	readonly #events: Placed[] = [];
	#lost: readonly number[] | undefined;
	#bytes = 0;
	#isFull = false;
	/** Whether all lanes are being read by one query. */
	#isAcross: boolean;

	/** @param ends the known ends of the lanes, to which this page adds. */
	constructor(topic: string, after: Cursors, bounds: PageBounds, ends: LaneEnds = new LaneEnds()) {
		this.#topic = topic;
		this.#bounds = bounds;
		this.#ends = ends;
		this.#keyHash = bounds.key === undefined ? undefined : fnv1a(bounds.key);
		this.#next = new Map(after);
		this.#lanes = Array.from(after, ([lane, cursor]) => ({ lane, position: positionOf(cursor) }));
		this.#isAcross = bounds.key === undefined;
	}

	/** The events that were read up to now, in the order of the log. */
	get page(): Page {
		this.#events.sort((one, other) => (one.cursor < other.cursor ? -1 : 1));
		return { events: this.#events, next: this.#next, lost: this.#lost ?? [] };
	}

	/** Reads a slice. Returns whether the page is complete. */
	read(tables: EventTables): boolean {
		const topic = tables.topic(this.#topic);
		return topic === undefined || this.#readSlice(tables, topic);
	}

	#readSlice(tables: EventTables, topic: TopicRow): boolean {
		const started = performance.now();
		this.#lost ??= this.#begin(tables, topic);
		while (this.#isAcross && !this.#isFull) {
			this.#isAcross = this.#readAcross(tables, topic);
			if (performance.now() - started > sliceMs) return false;
		}
		while (!this.#isFull) {
			this.#open ??= this.#lanesBehind(topic);
			const reading = this.#open.shift();
			if (reading === undefined) break;
			if (reading.position >= topic.last) continue;
			if (this.#readChunk(tables, topic, reading)) this.#open.push(reading);
			if (performance.now() - started > sliceMs) return false;
		}
		if (this.#keyHash !== undefined) this.#passOver(tables, topic);
		else this.#noteEnds(tables);
		return true;
	}

	/** The lane that is the farthest behind comes first, so that none starves where the bounds hold only a few events. */
	#lanesBehind(topic: TopicRow): Reading[] {
		const behind = this.#lanes.filter(({ position }) => position < topic.last);
		const cursorOf = ({ lane }: Reading): Cursor => this.#next.get(lane) ?? "";
		return behind.sort((one, other) => (cursorOf(one) < cursorOf(other) ? -1 : 1));
	}

	/** Begins behind places that are known to be empty or are no longer kept. Returns the lanes that lost something. */
	#begin(tables: EventTables, topic: TopicRow): number[] {
		for (const reading of this.#lanes) {
			const cursor = this.#next.get(reading.lane) ?? "";
			reading.position = this.#ends.positionBehind(tables, topic, { lane: reading.lane, cursor });
		}
		return this.#skipGone(tables.gone(topic.id));
	}

	/** Begins behind events that are no longer kept. Returns the lanes that lost something. */
	#skipGone(gone: ReadonlyMap<number, EventPlace>): number[] {
		const lost: number[] = [];
		for (const reading of this.#lanes) {
			const last = gone.get(reading.lane);
			if (last === undefined || last.position <= reading.position) continue;
			lost.push(reading.lane);
			this.#advance(reading, last);
		}
		return lost;
	}

	/** Takes the next events of all lanes. Returns whether they can be read on in this way. */
	#readAcross(tables: EventTables, topic: TopicRow): boolean {
		const positions = this.#lanes.map(({ position }) => position);
		const after = Math.min(...positions);
		if (after >= topic.last) return false;
		const left = Math.min(across.positions, this.#bounds.events - this.#events.length);
		// Events that are added later, while other slices are read, must not be passed over.
		const through = Math.min(after + left, topic.last);
		if (2 * this.#lanes.length < topic.lanes || Math.max(...positions) > through) return false;
		const room = Math.min(across.bytes, this.#bounds.bytes - this.#bytes);
		if (tables.bytesBetween(topic.id, after, through) > room) return false;
		const readings = new Map(this.#lanes.map((reading) => [reading.lane, reading]));
		const before = this.#events.length;
		for (const [row, lane] of tables.eventsBetween(topic.id, after, through)) {
			const reading = readings.get(lane);
			if (reading !== undefined && row.position > reading.position) this.#add(reading, row);
		}
		for (const reading of this.#lanes) reading.position = through;
		// If other topics grow faster, most of the log would be passed over.
		return through < topic.last && 4 * (this.#events.length - before) >= through - after;
	}

	/** Takes the next events of a lane. Returns whether the lane may have more. */
	#readChunk(tables: EventTables, topic: TopicRow, reading: Reading): boolean {
		if (this.#keyHash !== undefined) return this.#searchChunk(tables, topic, reading, this.#keyHash);
		const { lane, position } = reading;
		const limit = this.#share();
		const sizes = tables.sizes(topic.id, lane, position, limit);
		const fitting = this.#fitting(sizes);
		const last = fitting.at(-1);
		if (last !== undefined) {
			for (const row of tables.events(topic.id, lane, position, last.position)) this.#add(reading, row);
		}
		if (fitting.length < sizes.length || sizes.length === limit) return true;
		reading.position = Math.max(reading.position, topic.last);
		return false;
	}

	/** Takes the next events of the key. Returns whether the lane may have more. */
	#searchChunk(tables: EventTables, topic: TopicRow, reading: Reading, keyHash: number): boolean {
		const { lane, position } = reading;
		const through = position + keyChunk;
		const limit = this.#share();
		const sizes = tables.sizesOfKey(topic.id, lane, position, through, keyHash, limit);
		const fitting = this.#fitting(sizes);
		for (const { position } of fitting) {
			const row = tables.event(topic.id, lane, position);
			if (row !== undefined) this.#add(reading, row);
		}
		if (fitting.length < sizes.length || sizes.length === limit) return true;
		reading.position = through;
		return through < topic.last;
	}

	/** How many events the lane adds in its turn. */
	#share(): number {
		const left = Math.max(1, this.#bounds.events - this.#events.length);
		return Math.min(chunk.events, Math.ceil(left / ((this.#open?.length ?? 0) + 1)));
	}

	/** The first of these events, as many as the chunk and the page have room for. */
	#fitting(sizes: readonly EventSize[]): readonly EventSize[] {
		let bytes = 0;
		for (const [index, size] of sizes.entries()) {
			const isFirst = index === 0 && this.#events.length === 0;
			this.#isFull = !isFirst && this.#bytes + bytes + size.bytes > this.#bounds.bytes;
			if (this.#isFull || (index > 0 && bytes + size.bytes > chunk.bytes)) return sizes.slice(0, index);
			bytes += size.bytes;
		}
		return sizes;
	}

	#add(reading: Reading, row: EventRow): void {
		const { lane } = reading;
		const placed = placedText(row.text, { lane, cursor: this.#advance(reading, row), bytes: row.bytes });
		// Another key may have the same hash.
		if (this.#bounds.key !== undefined && placed.event.key !== this.#bounds.key) return;
		this.#events.push(placed);
		this.#bytes += placed.bytes;
		if (this.#events.length >= this.#bounds.events) this.#isFull = true;
	}

	#noteEnds(tables: EventTables): void {
		for (const { lane, position } of this.#lanes) {
			this.#ends.note(tables, { lane, cursor: this.#next.get(lane) ?? "" }, position);
		}
	}

	/** Goes on behind an event. Returns its cursor. */
	#advance(reading: Reading, { position, id }: EventPlace): Cursor {
		const cursor = cursorAt(position, id);
		reading.position = position;
		this.#next.set(reading.lane, cursor);
		return cursor;
	}

	/** Goes on behind the events of other keys that were passed over. */
	#passOver(tables: EventTables, topic: TopicRow): void {
		for (const reading of this.#lanes) {
			const last = tables.lastBefore(topic.id, reading.lane, reading.position + 1);
			if (last !== undefined && last.position > positionOf(this.#next.get(reading.lane) ?? "")) {
				this.#advance(reading, last);
			}
		}
	}
}
