import type { EventRecord } from "../event/event-record.ts";
import type { Cursor, Receipt } from "../event/log.ts";
import type { Append, Appended } from "./event-store.ts";
import { isSameEvent } from "./same-event.ts";
import { invalidAppend, otherEvent, partlyThere, wrongVersion } from "./store-errors.ts";

const maxNameBytes = 512;

/** An event that a topic has. */
export interface KnownEvent {
	/** The event's text, as the log holds it. */
	readonly text: string;
	/** Undefined for an event that was published outside of streams. */
	readonly stream: string | undefined;
	/** Its version in its stream; 0 outside of streams. */
	readonly version: number;
	readonly lane: number;
	readonly cursor: Cursor | undefined;
}

/** The streams and events that a store has, as far as an append names them. */
export interface AppendFacts {
	/** Undefined for a stream without events. */
	stream(name: string): { readonly topic: string; readonly version: number } | undefined;
	/** The event of a topic with this id, in any stream or in none. Undefined if there is no such event. */
	event(topic: string, id: string): KnownEvent | undefined;
}

/** The plan for a part of an append. */
export interface PlannedAppend {
	readonly part: Append;
	/** The version of the stream before it. */
	readonly before: number;
	/** The answer if the events are there already. Undefined if they have to be added. */
	readonly there: Appended | undefined;
}

/**
 * Refuses appends that no store takes, regardless of its content.
 *
 * @throws ServiceError `invalid_argument` if the name of a stream is empty, longer than 512 bytes or not well-formed,
 * if a stream is named twice, or if an event's id comes twice in a topic.
 */
export function checkAppends(parts: readonly Append[]): void {
	const streams = new Set<string>();
	const ids = new Set<string>();
	for (const { stream, topic, events } of parts) {
		checkStreamName(stream);
		if (streams.has(stream)) throw invalidAppend(`the stream ${stream} is named twice in one append`);
		streams.add(stream);
		if (parts.length === 1 && events.length === 1) return;
		for (const { id } of events) {
			const key = JSON.stringify([topic, id]);
			if (ids.has(key)) throw invalidAppend(`the id ${id} comes twice in one append`);
			ids.add(key);
		}
	}
}

function checkStreamName(name: string): void {
	if (name === "") throw invalidAppend("the name of a stream is empty");
	if (!name.isWellFormed()) throw invalidAppend("the name of a stream has half a surrogate pair");
	// A UTF-16 unit has at most three bytes in UTF-8, so most names need not be measured.
	if (name.length * 3 <= maxNameBytes) return;
	const bytes = new TextEncoder().encode(name).length;
	if (bytes > maxNameBytes)
		throw invalidAppend(`the name of a stream has ${bytes} bytes; ${maxNameBytes} are the most`);
}

/**
 * Decides the effect of an append on a store with these facts. All stores share this function, so that they answer
 * alike. The facts must hold until the plan is written.
 *
 * A part whose events are there already adds nothing, regardless of the expected version. If that is so for every part
 * that has events, parts without events are not checked either: it is the same append, whose reply was lost.
 *
 * @throws ServiceError as `EventStore.append` rejects, except for outcomes and for the faults that {@link checkAppends}
 * finds.
 */
export function planAppends(parts: readonly Append[], facts: AppendFacts): readonly PlannedAppend[] {
	const planned = parts.map((part) => ({ part, known: knownEvents(part, facts) }));
	const withEvents = planned.filter(({ part }) => part.events.length > 0);
	const isRepeated = withEvents.length > 0 && withEvents.every(({ known }) => known.length > 0);
	return planned.map(({ part, known }) => {
		const before = facts.stream(part.stream)?.version ?? 0;
		if (known.length > 0 || isRepeated) return { part, before, there: thereAlready(part, known, before) };
		if (!isExpected(part, before)) throw wrongVersion(part.stream, before, part.expected);
		return { part, before, there: undefined };
	});
}

/** The events of a part that are there: all, or none. */
function knownEvents({ stream, topic, events }: Append, facts: AppendFacts): readonly KnownEvent[] {
	const actual = facts.stream(stream)?.topic ?? topic;
	if (actual !== topic)
		throw invalidAppend(`the stream ${stream} lies in the topic ${actual}, and not in ${topic}`);
	const known: KnownEvent[] = [];
	let missing: EventRecord | undefined;
	for (const event of events) {
		const found = facts.event(topic, event.id);
		if (found === undefined) missing ??= event;
		else if (found.stream !== stream || !isSameEvent(found.text, event))
			throw otherEvent(topic, event.id, found.stream);
		else known.push(found);
	}
	if (missing !== undefined && known.length > 0) throw partlyThere(stream, missing.id);
	return known;
}

function thereAlready({ stream, events }: Append, known: readonly KnownEvent[], before: number): Appended {
	const receipts: Receipt[] = known.map(({ lane, cursor }, index) => ({
		id: events[index]?.id ?? "",
		lane,
		cursor,
		duplicate: true,
	}));
	const version = known.length === 0 ? before : Math.max(...known.map((each) => each.version));
	return { stream, version, receipts, duplicate: known.length > 0 };
}

function isExpected({ expected }: Append, version: number): boolean {
	switch (expected) {
		case "any":
			return true;
		case "exists":
			return version > 0;
		case "none":
			return version === 0;
		default:
			return version === expected;
	}
}
