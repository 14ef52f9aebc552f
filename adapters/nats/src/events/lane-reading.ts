import type { Context } from "@allium/core";
import type { EventStream, StoredMessage } from "./event-stream.ts";
import type { ReadingBounds } from "./inflow.ts";
import { type ReadingPage, StreamReading } from "./stream-reading.ts";
import { laneOfSubject } from "./topic-subjects.ts";

/** The places of some lanes behind which is read. */
export type Positions = ReadonlyMap<number, number>;

/** Lanes that are no further apart than this are read together, in places of the stream. */
export const nearby = 1_000;

/** Reads some lanes of a topic together. Only those go on with it who have all that it gave. */
export class LaneReading {
	readonly #filters: readonly string[];
	readonly #reading: StreamReading;
	/** Of each lane, the last place that was given. */
	readonly #given: Map<number, number>;
	/** The last message that was read, of whichever lane. */
	last: StoredMessage | undefined;
	/** All of these lanes is read up to here. */
	position: number;

	constructor(stream: EventStream, filters: readonly string[], positions: Positions) {
		this.#filters = filters;
		this.#given = new Map(positions);
		this.position = Math.min(...positions.values());
		this.#reading = new StreamReading(stream, filters, this.position);
	}

	/** Whether its next page is what lies behind these places. */
	goesOnAt(filters: readonly string[], positions: Positions): boolean {
		if (positions.size !== this.#given.size || filters.join() !== this.#filters.join()) return false;
		for (const [lane, position] of positions) {
			const given = this.#given.get(lane);
			if (given === undefined || given > position || position > this.position + nearby) return false;
		}
		return true;
	}

	/** The next messages behind these places. */
	async next(positions: Positions, bounds: ReadingBounds, ctx: Context): Promise<ReadingPage> {
		const { messages, isComplete } = await this.#reading.next(bounds, ctx);
		this.last = messages.at(-1) ?? this.last;
		this.position = Math.max(this.position, this.last?.sequence ?? 0);
		return { messages: messages.filter((message) => this.#isWanted(message, positions)), isComplete };
	}

	end(): Promise<void> {
		return this.#reading.end();
	}

	#isWanted({ subject, sequence }: StoredMessage, positions: Positions): boolean {
		const lane = laneOfSubject(subject);
		const position = positions.get(lane);
		if (position === undefined || sequence <= position) return false;
		this.#given.set(lane, sequence);
		return true;
	}
}
