import type { Context } from "@allium/core";
import type { EventStream, StoredMessage } from "./event-stream.ts";
import type { ReadingBounds } from "./inflow.ts";
import { type ReadingPage, StreamReading } from "./stream-reading.ts";
import { laneOfSubject } from "./topic-subjects.ts";

/** The places of some lanes behind which is read. */
export type Positions = ReadonlyMap<number, number>;

/** Lanes that are no further apart than this are read together, in places of the stream. */
export const nearby = 1_000;

/** A page of some lanes. */
export interface LanePage extends ReadingPage {
	/** Whether the page follows the last one without a gap: retention removed nothing in between. */
	readonly isNext: boolean;
}

/** Reads some lanes of a topic together. It serves readers that are not before the places that it has passed. */
export class LaneReading {
	readonly #filter: string;
	readonly #reading: StreamReading;
	/** The last place of each lane that was read, whether or not the reader had it already. */
	readonly #passed: Map<number, number>;
	/** The last message that was read from any lane. */
	last: StoredMessage | undefined;
	/** All of these lanes is read up to here. */
	position: number;

	constructor(stream: EventStream, filter: string, positions: Positions) {
		const position = Math.min(...positions.values());
		this.#filter = filter;
		this.#passed = new Map(Array.from(positions.keys(), (lane) => [lane, position]));
		this.#reading = new StreamReading(stream, filter, position);
		this.position = position;
	}

	/** Whether the next page of this reading begins behind these places. */
	goesOnAt(filter: string, positions: Positions): boolean {
		if (positions.size !== this.#passed.size || filter !== this.#filter) return false;
		for (const [lane, position] of positions) {
			const passed = this.#passed.get(lane);
			if (passed === undefined || passed > position || position > this.position + nearby) return false;
		}
		return true;
	}

	/** The next messages behind these places. */
	async next(positions: Positions, bounds: ReadingBounds, ctx: Context): Promise<LanePage> {
		const { messages, isComplete } = await this.#reading.next(bounds, ctx);
		const isNext = messages[0]?.sequence === this.position + 1;
		this.last = messages.at(-1) ?? this.last;
		this.position = Math.max(this.position, this.last?.sequence ?? 0);
		return { messages: messages.filter((message) => this.#pass(message, positions)), isComplete, isNext };
	}

	end(): Promise<void> {
		return this.#reading.end();
	}

	/** Returns whether a message lies behind these places. It is passed also where it does not. */
	#pass({ subject, sequence }: StoredMessage, positions: Positions): boolean {
		const lane = laneOfSubject(subject);
		const position = positions.get(lane);
		if (position === undefined) return false;
		this.#passed.set(lane, sequence);
		return sequence > position;
	}
}
