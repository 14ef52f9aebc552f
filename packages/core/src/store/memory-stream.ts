import type { Cursor } from "../event/log.ts";
import { placedText } from "../event/placed-text.ts";
import type { StreamEvent, StreamPage, StreamRange } from "./event-store.ts";

const defaultLimit = 1000;
const defaultBytes = 4 * 1024 * 1024;

/** An event of a stream, as text. */
export interface MemoryStreamEvent {
	readonly text: string;
	readonly bytes: number;
	readonly causationId: string | undefined;
	readonly lane: number;
	readonly cursor: Cursor;
}

/** The events of one stream in memory. */
export class MemoryStream {
	readonly topic: string;
	readonly #events: MemoryStreamEvent[] = [];
	/** The versions that a cause made. */
	readonly #made = new Map<string, number[]>();

	constructor(topic: string) {
		this.topic = topic;
	}

	get version(): number {
		return this.#events.length;
	}

	/** Returns the version of the event. */
	add(event: MemoryStreamEvent): number {
		this.#events.push(event);
		if (event.causationId !== undefined) {
			const versions = this.#made.get(event.causationId) ?? [];
			versions.push(this.version);
			this.#made.set(event.causationId, versions);
		}
		return this.version;
	}

	read(range: StreamRange): StreamPage {
		const { backwards = false, limit = defaultLimit, bytes = defaultBytes } = range;
		const step = backwards ? -1 : 1;
		const events: StreamEvent[] = [];
		let [version, taken] = [backwards ? this.#lastBefore(range.after) : (range.after ?? 0) + 1, 0];
		for (; events.length < limit; version += step) {
			const event = this.#events[version - 1];
			if (event === undefined) break;
			taken += event.bytes;
			if (events.length > 0 && taken > bytes) break;
			events.push(placedAt(event, version));
		}
		return { events, version: this.version, more: this.#events[version - 1] !== undefined };
	}

	madeBy(causationId: string): readonly StreamEvent[] {
		return (this.#made.get(causationId) ?? []).flatMap((version) => {
			const event = this.#events[version - 1];
			return event === undefined ? [] : [placedAt(event, version)];
		});
	}

	/** The version at which reading backwards begins. */
	#lastBefore(after: number | undefined): number {
		return after === undefined ? this.version : Math.min(after - 1, this.version);
	}
}

function placedAt({ text, bytes, lane, cursor }: MemoryStreamEvent, version: number): StreamEvent {
	return { event: placedText(text, { lane, cursor, bytes }).event, version, lane, cursor };
}
