import type { EventTables, TopicRow } from "./event-tables.ts";

/**
 * For how long it is believed that a topic has nothing too old, in milliseconds. The clock may be set meanwhile, or
 * another process whose clock is behind may add events.
 */
const trustedMs = 60_000;

/** That nothing in a topic was added before a time. */
interface Age {
	/** In milliseconds since 1970. */
	readonly since: number;
	/** When that was found, on the clock of `performance.now()`. */
	readonly foundAt: number;
}

/**
 * Knows which topics have an event that is to be removed. It remembers when the oldest event of a topic was added, so
 * that most looks at a topic need no statement.
 */
export class RetentionNeed {
	readonly #ages = new Map<number, Age>();
	#tables: EventTables | undefined;

	/** Returns true if a topic has an event whose time of retention is over. */
	isOver(tables: EventTables, topic: TopicRow): boolean {
		// Behind another connection there may be another file.
		if (this.#tables !== tables) this.#ages.clear();
		this.#tables = tables;
		const { id, bytes, retainBytes, retainMs } = topic;
		if (bytes > retainBytes) return firstPosition(tables, topic) !== undefined;
		if (retainMs === Number.POSITIVE_INFINITY) return false;
		const now = Date.now();
		const age = this.#ages.get(id);
		const isTrusted = age !== undefined && performance.now() - age.foundAt < trustedMs;
		if (isTrusted && age.since >= now - retainMs) return false;
		// An event that is added to an empty topic is younger than this moment.
		const since = oldestTime(tables, topic) ?? now;
		this.#ages.set(id, { since, foundAt: performance.now() });
		return since < now - retainMs;
	}
}

function oldestTime(tables: EventTables, topic: TopicRow): number | undefined {
	const position = firstPosition(tables, topic);
	return position === undefined ? undefined : tables.entry(position)?.time;
}

function firstPosition(tables: EventTables, { id, lanes }: TopicRow): number | undefined {
	let first: number | undefined;
	for (let lane = 0; lane < lanes; lane++) {
		const [size] = tables.sizes(id, lane, 0, 1);
		if (size !== undefined) first = Math.min(first ?? size.position, size.position);
	}
	return first;
}
