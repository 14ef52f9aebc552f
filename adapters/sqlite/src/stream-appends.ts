import { cursorAt, defaultLanes } from "@allium/core/event";
import {
	type Append,
	type Appended,
	type KnownEvent,
	type Outcome,
	outcomeKnown,
	type PlannedAppend,
	planAppends,
} from "@allium/core/store";
import { EventAppends, type GrowingTopic } from "./event-appends.ts";
import type { NewEvent, NewTopic } from "./event-tables.ts";
import type { StreamRow } from "./stream-tables.ts";

/** How the topic of a stream is made: it keeps all its events. */
const keepsAll: NewTopic = {
	lanes: defaultLanes,
	retainMs: Number.POSITIVE_INFINITY,
	retainBytes: Number.POSITIVE_INFINITY,
};

/** Events for a stream, and the texts of them. */
export interface NewPart extends Append {
	readonly added: readonly NewEvent[];
}

/**
 * The events that one transaction adds, to topics and to streams. An append to streams is checked completely first, so
 * that a refused append has changed nothing.
 */
export class StreamAppends extends EventAppends {
	/** The streams as the transaction leaves them, as far as they were asked for. */
	readonly #streams = new Map<string, StreamRow | undefined>();

	/** @throws ServiceError as `EventStore.append` rejects. */
	appendParts(parts: readonly NewPart[], outcome?: Outcome): Appended[] {
		const { outcomes } = this.#tables;
		if (outcome !== undefined && outcomes.find(outcome.id) !== undefined) throw outcomeKnown(outcome.id);
		const planned = planAppends(parts, {
			stream: (name) => {
				const row = this.#stream(name);
				return row && { topic: row.topicName, version: row.version };
			},
			event: (topic, id) => this.#known(topic, id),
		});
		const appended = planned.map((plan, index) => this.#carryOut(plan, parts[index]?.added ?? []));
		if (outcome !== undefined) outcomes.keep(outcome);
		return appended;
	}

	#carryOut({ part, before, there }: PlannedAppend, added: readonly NewEvent[]): Appended {
		if (there !== undefined) return there;
		const { stream } = part;
		if (added.length === 0) return { stream, version: before, receipts: [], duplicate: false };
		const topic = this.#topicOfStreams(part.topic);
		const row = this.#stream(stream) ?? this.#make(stream, topic, part.topic);
		const receipts = added.map((event, index) =>
			this.add(topic, event, { id: row.id, version: before + index + 1 }),
		);
		const version = before + added.length;
		this.#streams.set(stream, { ...row, version });
		return { stream, version, receipts, duplicate: false };
	}

	/**
	 * The topic of a stream. A topic that was created with a bound loses it, so that no event of a stream is ever removed.
	 */
	#topicOfStreams(name: string): GrowingTopic {
		const topic = this.topic(name, keepsAll);
		const { id, retainMs, retainBytes } = topic.row;
		if (Math.min(retainMs, retainBytes) < Number.POSITIVE_INFINITY) {
			this.#tables.keepAll(id);
			topic.row = { ...topic.row, ...keepsAll, lanes: topic.row.lanes };
		}
		return topic;
	}

	#stream(name: string): StreamRow | undefined {
		if (!this.#streams.has(name)) this.#streams.set(name, this.#tables.stream(name));
		return this.#streams.get(name);
	}

	#make(name: string, { row }: GrowingTopic, topicName: string): StreamRow {
		return { id: this.#tables.make(name, row.id), version: 0, topic: row.id, topicName };
	}

	#known(topic: string, id: string): KnownEvent | undefined {
		const row = this.topicRow(topic);
		const found = row && this.#tables.find(row.id, id);
		return found && { ...found, cursor: cursorAt(found.position, id) };
	}

	get #tables() {
		return this.tables.streams;
	}
}
