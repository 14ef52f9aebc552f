import { cursorAt, placedText } from "@allium/core/event";
import type { StreamEvent, StreamPage, StreamRange } from "@allium/core/store";
import type { EventTables } from "./event-tables.ts";
import type { StreamEventRow, StreamEventSize } from "./stream-tables.ts";

/** For how long a page is read at once, in milliseconds: it is read on in the next turn of the event loop. */
const sliceMs = 2;
/** How much is read at once, so that a slice is not much longer. */
const chunk = { events: 64, bytes: 128 * 1024 };
const defaults = { limit: 1_000, bytes: 4 * 1024 * 1024 };

/** Reads some events of a stream in slices. */
export class StreamReading {
	readonly #stream: string;
	readonly #backwards: boolean;
	readonly #limit: number;
	readonly #maxBytes: number;
	/** It has been read up to here. */
	#after: number;
	readonly #events: StreamEvent[] = [];
	#bytes = 0;
	#version = 0;
	#more = false;

	constructor(stream: string, range: StreamRange) {
		const { backwards = false, after, limit = defaults.limit, bytes = defaults.bytes } = range;
		this.#stream = stream;
		this.#backwards = backwards;
		this.#limit = limit;
		this.#maxBytes = bytes;
		this.#after = after ?? (backwards ? Number.MAX_SAFE_INTEGER : 0);
	}

	/** The events that were read up to now. */
	get page(): StreamPage {
		return { events: this.#events, version: this.#version, more: this.#more };
	}

	/** Reads a slice. Returns whether the page is complete. */
	read(tables: EventTables): boolean {
		const stream = tables.streams.stream(this.#stream);
		if (stream === undefined) return true;
		this.#version = stream.version;
		const started = performance.now();
		while (this.#readChunk(tables, stream.id)) {
			if (performance.now() - started > sliceMs) return false;
		}
		return true;
	}

	/** Takes the next events. Returns whether the page may take more. */
	#readChunk(tables: EventTables, stream: number): boolean {
		const limit = Math.min(chunk.events, this.#limit - this.#events.length);
		// One more row shows whether there are further pages.
		const sizes = this.#backwards
			? tables.streams.sizesBack(stream, this.#after, limit + 1)
			: tables.streams.sizes(stream, this.#after, limit + 1);
		const fitting = this.#fitting(sizes.slice(0, Math.max(0, limit)));
		const [first, last] = [fitting[0], fitting.at(-1)];
		this.#more = sizes.length > fitting.length;
		if (first === undefined || last === undefined) return false;
		const rows = this.#backwards
			? tables.streams.events(stream, last.version, first.version).reverse()
			: tables.streams.events(stream, first.version, last.version);
		for (const row of rows) this.#add(row);
		return this.#more && this.#events.length < this.#limit;
	}

	/** The first of these events, as many as the chunk and the page have room for. */
	#fitting(sizes: readonly StreamEventSize[]): readonly StreamEventSize[] {
		let bytes = 0;
		for (const [index, size] of sizes.entries()) {
			bytes += size.bytes;
			const isFirstOfPage = index === 0 && this.#events.length === 0;
			const isFull = this.#bytes + bytes > this.#maxBytes || (index > 0 && bytes > chunk.bytes);
			if (isFull && !isFirstOfPage) return sizes.slice(0, index);
		}
		return sizes;
	}

	#add(row: StreamEventRow): void {
		this.#events.push(streamEvent(row));
		this.#bytes += row.bytes;
		this.#after = row.version;
	}
}

/** An event of a stream as the port gives it. */
export function streamEvent({ version, position, lane, bytes, id, text }: StreamEventRow): StreamEvent {
	const cursor = cursorAt(position, id);
	return { event: placedText(text, { lane, cursor, bytes }).event, version, lane, cursor };
}
