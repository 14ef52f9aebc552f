import { Context, errorText, type Logger } from "@allium/core";
import { after, type Timer } from "@allium/core/transport";
import type { DatabaseFile } from "./database-file.ts";
import type { EventEntry, EventTables, TopicRow } from "./event-tables.ts";
import { RetentionNeed } from "./retention-need.ts";
import type { StreamAppends } from "./stream-appends.ts";
import type { WriteQueue } from "./write-queue.ts";

/** How many events one transaction removes at most. */
const stepEvents = 64;
/** The pause after a step that leaves something to do, in milliseconds. */
const stepPauseMs = 20;
/** The pauses between two looks, in milliseconds. */
const pauses = { shortest: 50, longest: 60_000, ofBytes: 1_000 };

/** Removes the events that their topics keep no longer, in the background and in small steps. */
export class Retention {
	readonly #file: DatabaseFile<EventTables>;
	readonly #queue: WriteQueue<EventTables, StreamAppends>;
	readonly #logger: Logger;
	readonly #need = new RetentionNeed();
	#timer: Timer | undefined;
	#stopped = false;
	#isFailing = false;

	constructor(
		file: DatabaseFile<EventTables>,
		queue: WriteQueue<EventTables, StreamAppends>,
		logger: Logger,
	) {
		this.#file = file;
		this.#queue = queue;
		this.#logger = logger;
	}

	/** Begins, or looks at once, because there may be a topic that keeps events for a shorter time. */
	start(): void {
		this.#schedule(0);
	}

	stop(): void {
		this.#stopped = true;
		this.#timer?.stop();
	}

	#schedule(pause: number): void {
		this.#timer?.stop();
		if (!this.#stopped) this.#timer = after(pause, () => void this.#look());
	}

	/** Takes a step. Never rejects. */
	async #look(): Promise<void> {
		let pause = pauses.longest;
		try {
			const topics = await this.#file.read((tables) =>
				tables.topics().map((topic) => ({ topic, isOver: this.#need.isOver(tables, topic) })),
			);
			for (const { topic, isOver } of topics ?? []) pause = Math.min(pause, await this.#step(topic, isOver));
			this.#isFailing = false;
		} catch (error) {
			if (!this.#isFailing && !this.#stopped) {
				this.#logger.log("warn", `old events are not removed from "${this.#file.path}": ${errorText(error)}`);
			}
			this.#isFailing = true;
		}
		this.#schedule(pause);
	}

	/** Removes some events of a topic. Returns how long to pause. */
	async #step({ name, retainMs, retainBytes }: TopicRow, isOver: boolean): Promise<number> {
		if (isOver) {
			await this.#queue.write(({ tables }) => removeOldest(tables, tables.topic(name)), Context.background());
			return stepPauseMs;
		}
		const bytesPause = retainBytes === Number.POSITIVE_INFINITY ? pauses.longest : pauses.ofBytes;
		return Math.max(pauses.shortest, Math.min(retainMs / 4, bytesPause));
	}
}

/** An event that is to be removed, and its lane. */
interface Old {
	readonly lane: number;
	readonly entry: EventEntry;
}

/** The oldest events of a topic that it keeps no longer. */
function oldest(tables: EventTables, topic: TopicRow): Old[] {
	const places = Array.from({ length: topic.lanes }, (_, lane) =>
		tables.sizes(topic.id, lane, 0, stepEvents).map(({ position }) => ({ lane, position })),
	).flat();
	places.sort((one, other) => one.position - other.position);
	const limitTime = Date.now() - topic.retainMs;
	const found: Old[] = [];
	let { bytes } = topic;
	for (const { lane, position } of places.slice(0, stepEvents)) {
		const entry = tables.entry(position);
		if (entry === undefined || (entry.time >= limitTime && bytes <= topic.retainBytes)) break;
		found.push({ lane, entry });
		bytes -= entry.bytes;
	}
	return found;
}

function removeOldest(tables: EventTables, topic: TopicRow | undefined): void {
	if (topic === undefined) return;
	for (const [lane, old] of Map.groupBy(oldest(tables, topic), ({ lane }) => lane)) {
		const entries = old.map(({ entry }) => entry);
		tables.noteTopic(topic.id, -tables.remove(topic.id, lane, entries), 0);
	}
}
