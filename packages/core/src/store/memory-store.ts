import type { EventRecord } from "../event/event-record.ts";
import { eventText } from "../event/event-text.ts";
import { laneOf } from "../event/lane-of.ts";
import { defaultLanes, defaultRetainMs, type Receipt } from "../event/log.ts";
import { MemoryGroups } from "../event/memory-group-state.ts";
import { defaultRetainBytes } from "../event/memory-log.ts";
import { MemoryTopic } from "../event/memory-topic.ts";
import type { AppendFacts, KnownEvent, PlannedAppend } from "./append-plan.ts";
import { byCodePoints } from "./code-points.ts";
import type { Appended, Outcome, Snapshot, StreamSummary } from "./event-store.ts";
import { MemoryStream } from "./memory-stream.ts";

/** An event that is to be added, and its text. */
export interface EventWithText {
	readonly event: EventRecord;
	readonly text: string;
}

/** The events of a part as text. Refuses events that are too large before anything is added. */
export function withTexts(events: readonly EventRecord[], maxEventBytes: number): readonly EventWithText[] {
	return events.map((event) => ({ event, text: eventText(event, maxEventBytes) }));
}

/** The place of an event in its stream. */
interface StreamPlace {
	readonly stream: string;
	readonly version: number;
}

/** The data in memory behind several handles. Every operation is synchronous, so that nobody sees half of it. */
export class MemoryStore implements AppendFacts {
	readonly identity: string = crypto.randomUUID();
	readonly groups: MemoryGroups = new MemoryGroups();
	readonly #topics: Map<string, MemoryTopic>;
	readonly #streams = new Map<string, MemoryStream>();
	/** By topic and id. */
	readonly #places = new Map<string, Map<string, StreamPlace>>();
	readonly #outcomes = new Map<string, { readonly outcome: Outcome; readonly until: number }>();
	/** By stream and reader. */
	readonly #snapshots = new Map<string, Map<string, Snapshot>>();

	constructor(topics: Map<string, MemoryTopic>) {
		this.#topics = topics;
	}

	stream(name: string): MemoryStream | undefined {
		return this.#streams.get(name);
	}

	event(topic: string, id: string): KnownEvent | undefined {
		const found = this.#topics.get(topic)?.text(id);
		if (found === undefined) return undefined;
		const place = this.#places.get(topic)?.get(id);
		return { ...found, stream: place?.stream, version: place?.version ?? 0 };
	}

	/** Carries out a plan. */
	add({ part, before, there }: PlannedAppend, events: readonly EventWithText[]): Appended {
		if (there !== undefined) return there;
		const { stream: name, topic } = part;
		if (events.length === 0) return { stream: name, version: before, receipts: [], duplicate: false };
		const receipts = this.#put(this.#topic(topic, true), events);
		const stream = this.#streams.get(name) ?? new MemoryStream(topic);
		this.#streams.set(name, stream);
		for (const [index, { event, text }] of events.entries()) {
			const { lane, cursor = "" } = receipts[index] ?? { lane: 0 };
			const bytes = new TextEncoder().encode(text).length;
			const version = stream.add({ text, bytes, causationId: event.causationId, lane, cursor });
			this.#placesOf(topic).set(event.id, { stream: name, version });
		}
		return { stream: name, version: stream.version, receipts, duplicate: false };
	}

	/** Adds events to a topic, outside of streams. */
	publish(topic: string, events: readonly EventWithText[]): readonly Receipt[] {
		return this.#put(this.#topic(topic, false), events);
	}

	/** The lane that an event has in a topic, which need not be there yet. */
	lane(topic: string, event: EventRecord): number {
		return laneOf(event, this.#topics.get(topic)?.lanes ?? defaultLanes);
	}

	keep(outcome: Outcome): void {
		const now = performance.now();
		for (const [id, { until }] of this.#outcomes) {
			if (until > now) break;
			this.#outcomes.delete(id);
		}
		this.#outcomes.set(outcome.id, { outcome, until: now + outcome.keepMs });
	}

	outcome(id: string): Outcome | undefined {
		const kept = this.#outcomes.get(id);
		return kept === undefined || kept.until <= performance.now() ? undefined : kept.outcome;
	}

	snapshot(stream: string, reader: string): Snapshot | undefined {
		return this.#snapshots.get(stream)?.get(reader);
	}

	/** A snapshot that is older than the kept one is ignored. */
	saveSnapshot(snapshot: Snapshot): void {
		const { stream, reader, version } = snapshot;
		const ofStream = this.#snapshots.get(stream) ?? new Map<string, Snapshot>();
		this.#snapshots.set(stream, ofStream);
		if (version >= (ofStream.get(reader)?.version ?? 0)) ofStream.set(reader, snapshot);
	}

	dropSnapshots(reader: string | undefined): number {
		let count = 0;
		for (const ofStream of this.#snapshots.values()) {
			for (const name of [...ofStream.keys()]) {
				if ((reader === undefined || name === reader) && ofStream.delete(name)) count++;
			}
		}
		return count;
	}

	/** The streams behind a name whose names begin with a prefix, sorted. */
	streams(prefix: string, after: string): readonly StreamSummary[] {
		return [...this.#streams]
			.filter(([name]) => name.startsWith(prefix) && byCodePoints(name, after) > 0)
			.sort(([one], [other]) => byCodePoints(one, other))
			.map(([stream, { topic, version }]) => ({ stream, topic, version }));
	}

	#put(topic: MemoryTopic, events: readonly EventWithText[]): readonly Receipt[] {
		return topic.add(
			events.map(({ event, text }) => ({
				id: event.id,
				key: event.key,
				lane: laneOf(event, topic.lanes),
				text,
			})),
		);
	}

	/** A topic, which is created if it is missing. A topic with events of streams keeps them without bound. */
	#topic(name: string, keepsAll: boolean): MemoryTopic {
		const bounds = { retainMs: defaultRetainMs, retainBytes: defaultRetainBytes };
		const topic = this.#topics.get(name) ?? new MemoryTopic(defaultLanes, bounds);
		this.#topics.set(name, topic);
		if (keepsAll) topic.keepAll();
		return topic;
	}

	#placesOf(topic: string): Map<string, StreamPlace> {
		const places = this.#places.get(topic) ?? new Map<string, StreamPlace>();
		this.#places.set(topic, places);
		return places;
	}
}
