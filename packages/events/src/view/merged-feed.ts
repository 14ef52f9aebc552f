import type { Context } from "@allium/core";
import type { Cursor, Cursors, PageBounds, Placed } from "@allium/core/event";
import type { ViewPlaces } from "@allium/core/store";
import type { ViewLog } from "./view.ts";

/** An event that a view reads, and its topic. */
export interface FedEvent {
	readonly topic: string;
	readonly placed: Placed;
}

/** A page of events from the topics of a view. */
export interface Fed {
	readonly events: readonly FedEvent[];
	/** The places after all of its events. */
	readonly places: ViewPlaces;
	/** Whether all topics were at their ends. */
	readonly isAll: boolean;
}

/** The state of a topic in a feed. */
interface Source {
	readonly topic: string;
	readonly log: ViewLog;
	/** Up to where it was read. */
	read: Cursors;
	/** The events that were read and have not been handed out. */
	readonly buffer: Placed[];
	isAtEnd: boolean;
}

/**
 * Reads the topics of a view as one sequence. The events of one topic come in the order of its log. There is no order
 * between topics, so events with earlier times come first. A view that is built again is thus built in nearly the same
 * order as the first time.
 */
export class MergedFeed {
	readonly #sources: readonly Source[];
	readonly #bounds: PageBounds;
	readonly #lost: (topic: string, lanes: readonly number[]) => Error;

	/** @param lost makes the error when events are gone before they were read. */
	constructor(
		logs: ReadonlyMap<string, ViewLog>,
		places: ViewPlaces,
		bounds: PageBounds,
		lost: (topic: string, lanes: readonly number[]) => Error,
	) {
		this.#bounds = bounds;
		this.#lost = lost;
		this.#sources = Array.from(logs, ([topic, log]) => ({
			topic,
			log,
			read: places.get(topic) ?? new Map<number, Cursor>(),
			buffer: [],
			isAtEnd: false,
		}));
	}

	/** The next events, as many as one page of each topic allows. There are none if all topics are at their ends. */
	async next(ctx: Context): Promise<Fed> {
		await Promise.all(this.#sources.map((source) => this.#fill(source, ctx)));
		const isAll = this.#sources.every(({ isAtEnd }) => isAtEnd);
		const places = new Map<string, Map<number, Cursor>>();
		const events: FedEvent[] = [];
		for (;;) {
			const source = this.#earliest(isAll);
			if (source === undefined) break;
			const placed = source.buffer.shift();
			if (placed === undefined) break;
			events.push({ topic: source.topic, placed });
			const cursors = places.get(source.topic) ?? new Map<number, Cursor>();
			places.set(source.topic, cursors.set(placed.lane, placed.cursor));
		}
		// Behind the last event of a page there may be places that no event of it has.
		for (const { topic, buffer, read } of this.#sources) {
			if (buffer.length === 0 && places.has(topic)) places.set(topic, new Map(read));
		}
		return { events, places, isAll };
	}

	/** Resolves when there may be more. */
	async changed(ctx: Context): Promise<void> {
		const { ctx: waiting, cancel } = ctx.withCancel();
		const waits = this.#sources.map(({ log, read }) => log.topic.changed(read, waiting));
		try {
			await Promise.race(waits);
		} finally {
			cancel();
			for (const wait of waits) wait.catch(() => {});
		}
	}

	async #fill(source: Source, ctx: Context): Promise<void> {
		if (source.buffer.length > 0) return;
		const { topic, log, read } = source;
		const { events, next, lost } = await log.topic.read(read, this.#bounds, ctx);
		if (lost.length > 0) throw this.#lost(topic, lost);
		source.buffer.push(...events);
		source.read = next;
		source.isAtEnd = events.length < this.#bounds.events / 2 && bytesOf(events) < this.#bounds.bytes / 2;
	}

	/** The source of the next event; undefined when a topic that goes on has to be read before it is known. */
	#earliest(isAll: boolean): Source | undefined {
		let first: Source | undefined;
		for (const source of this.#sources) {
			const [head] = source.buffer;
			if (head === undefined) {
				if (isAll || source.isAtEnd) continue;
				return undefined;
			}
			const [other] = first?.buffer ?? [];
			if (other === undefined || head.event.time < other.event.time) first = source;
		}
		return first;
	}
}

function bytesOf(events: readonly Placed[]): number {
	return events.reduce((sum, { bytes }) => sum + bytes, 0);
}
