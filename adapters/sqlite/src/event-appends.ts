import { refusal } from "@allium/core/adapter";
import { cursorAt, laneOf, type Receipt } from "@allium/core/event";
import type { EventTables, NewEvent, NewTopic, TopicRow } from "./event-tables.ts";
import type { StreamPlace } from "./stream-tables.ts";
import type { Turn } from "./write-queue.ts";

/** The state of a topic while a transaction adds to it. */
export interface GrowingTopic {
	row: TopicRow;
	/** How many events each lane has, as far as it was asked for. */
	readonly numbers: Map<number, number>;
	bytes: number;
	last: number;
}

/** The events that one transaction adds. Data that they share is read and written once. */
export class EventAppends implements Turn<EventTables> {
	readonly tables: EventTables;
	readonly #topics = new Map<string, GrowingTopic>();
	readonly #time = Date.now();

	constructor(tables: EventTables) {
		this.tables = tables;
	}

	/** Adds events to a topic. Makes the topic if it is missing: the file may have been deleted. */
	append(name: string, options: NewTopic, events: readonly NewEvent[]): Receipt[] {
		const topic = this.topic(name, options);
		if (topic.row.lanes !== options.lanes) {
			throw refusal(
				`the topic ${name} has been made again with ${topic.row.lanes} lanes instead of ${options.lanes}; ` +
					"restart this process",
			);
		}
		return events.map((event) => this.add(topic, event));
	}

	/** The topic of a name. Makes it if it is missing. */
	topic(name: string, options: NewTopic): GrowingTopic {
		const known = this.#topics.get(name);
		if (known !== undefined) return known;
		const topic = { row: this.tables.needTopic(name, options), numbers: new Map(), bytes: 0, last: 0 };
		this.#topics.set(name, topic);
		return topic;
	}

	/** The topic of a name, if there is one. */
	topicRow(name: string): TopicRow | undefined {
		return this.#topics.get(name)?.row ?? this.tables.topic(name);
	}

	/** Adds an event, to a stream as well if there is one. An id that the topic has is a duplicate. */
	add(topic: GrowingTopic, added: NewEvent, stream?: StreamPlace): Receipt {
		const { row, numbers } = topic;
		const { id } = added.event;
		const lane = laneOf(added.event, row.lanes);
		const number = 1 + (numbers.get(lane) ?? this.tables.lastBefore(row.id, lane, Infinity)?.number ?? 0);
		const position = this.tables.insert(row.id, added, { lane, number, time: this.#time, stream });
		if (position === undefined) return this.#duplicate(row.id, id);
		numbers.set(lane, number);
		topic.bytes += added.bytes;
		topic.last = position;
		return { id, lane, cursor: cursorAt(position, id), duplicate: false };
	}

	/** Writes the new sizes and ends of the topics. */
	finish(): void {
		for (const { row, bytes, last } of this.#topics.values()) {
			if (last > 0) this.tables.noteTopic(row.id, bytes, last);
		}
	}

	#duplicate(topic: number, id: string): Receipt {
		const { position, lane } = this.tables.find(topic, id) ?? { position: 0, lane: 0 };
		return { id, lane, cursor: cursorAt(position, id), duplicate: true };
	}
}
