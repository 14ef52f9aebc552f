import { type Cursor, positionOf } from "@allium/core/event";
import type { EventTables, TopicRow } from "./event-tables.ts";

/** Up to which event a lane was read. */
interface LanePlace {
	readonly lane: number;
	readonly cursor: Cursor;
}

/**
 * Up to where the lanes of a topic were found to have nothing behind a cursor. A lane keeps its cursor while only others
 * grow; without this, each look at the topic would search all that came since, in a query for each lane.
 *
 * It holds for one connection: behind the next one there may be another file.
 */
export class LaneEnds {
	readonly #ends = new Map<number, { readonly cursor: Cursor; readonly position: number }>();
	#tables: EventTables | undefined;

	/** The position behind which a lane is to be searched that was read up to a cursor. */
	positionBehind(tables: EventTables, topic: TopicRow, { lane, cursor }: LanePlace): number {
		if (this.#tables !== tables) {
			this.#tables = tables;
			this.#ends.clear();
		}
		const end = this.#ends.get(lane);
		// A topic that ends before that was restored from a backup.
		return end?.cursor === cursor && end.position <= topic.last ? end.position : positionOf(cursor);
	}

	/** Notes that a lane has nothing behind a cursor up to a position. */
	note(tables: EventTables, { lane, cursor }: LanePlace, position: number): void {
		if (this.#tables === tables && position > positionOf(cursor)) this.#ends.set(lane, { cursor, position });
	}
}
