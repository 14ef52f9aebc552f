import type { EventRecord } from "@allium/core/event";
import type { Expected, Outcome } from "@allium/core/store";
import type { EventRow } from "./append-queue.ts";
import { arrayLiteral, lines, linesSql } from "./array-literal.ts";
import type { Value } from "./connection-pool.ts";
import { eventRow } from "./event-row.ts";
import { appendStates } from "./store-tables.ts";
import { indexedText, plainText, storedText } from "./stored-text.ts";
import { keyHash } from "./topic-reading.ts";
import type { TopicRow } from "./topic-row.ts";

/** An event of a stream as a row. */
export interface StreamEventRow extends EventRow {
	readonly causeHash: number | undefined;
}

/** The rows to add to one stream. */
export interface PartRows {
	/** As `sortedText` has it. */
	readonly stream: string;
	readonly topic: number;
	readonly expected: Expected;
	readonly rows: readonly StreamEventRow[];
}

/** The rows of one append, which are added together or not at all. */
export interface AppendRows {
	readonly parts: readonly PartRows[];
	readonly outcome: Outcome | undefined;
}

/** The result of an append: the earlier versions of the streams, by its parts, or the reason why it was not added. */
export type AppendState = readonly number[] | "refused" | "busy";

/** @throws ServiceError `resource_exhausted`, reason `event_too_large`. */
export function streamEventRow(event: EventRecord, topic: TopicRow, maxBytes: number): StreamEventRow {
	const { causationId } = event;
	const causeHash = causationId === undefined ? undefined : keyHash(causationId);
	return { ...eventRow(event, topic, maxBytes), causeHash };
}

/** The index of the events' texts in the values. */
const textsAt = 17;

/** The statement that adds appends, with the tables of a schema. */
export function appendSql(schema: string): string {
	const values = Array.from({ length: 25 }, (_, index) => `$${index + 1}`);
	values[textsAt] = linesSql(`$${textsAt + 1}`);
	return `SELECT states::text, versions_before::text FROM ${schema}.append_to_streams(${values.join(", ")})`;
}

/**
 * The values of {@link appendSql}. No two parts of an append are of the same stream.
 *
 * @param waits for streams that other transactions hold.
 */
export function appendValues(appends: readonly AppendRows[], waits: boolean): Value[] {
	const parts = appends.flatMap((append, index) =>
		append.parts.map((part) => ({ ...part, append: index + 1 })),
	);
	// All processes sort alike, so that none waits for another that waits for it.
	const topics = new Map(parts.map(({ stream, topic }) => [stream, topic]));
	const names = [...topics.keys()].sort();
	const places = new Map(names.map((name, index) => [name, index + 1]));
	const events = parts.flatMap(({ rows }, part) =>
		rows.map((row, index) => ({ ...row, part: part + 1, nth: index + 1 })),
	);
	const outcomes = appends.flatMap(({ outcome }, index) =>
		outcome === undefined ? [] : [{ ...outcome, append: index + 1 }],
	);
	return [
		appends.length,
		arrayLiteral(names),
		arrayLiteral(names.map((name) => topics.get(name))),
		arrayLiteral(parts.map(({ append }) => append)),
		arrayLiteral(parts.map(({ stream }) => places.get(stream))),
		arrayLiteral(parts.map(({ topic }) => topic)),
		arrayLiteral(parts.map(({ expected }) => expectedNumber(expected))),
		arrayLiteral(parts.map(({ rows }) => rows.length)),
		arrayLiteral(events.map(({ part }) => part)),
		arrayLiteral(events.map(({ nth }) => nth)),
		arrayLiteral(events.map(({ topic }) => topic)),
		arrayLiteral(events.map(({ lane }) => lane)),
		arrayLiteral(events.map(({ bytes }) => bytes)),
		arrayLiteral(events.map(({ keyHash }) => keyHash)),
		arrayLiteral(events.map(({ causeHash }) => causeHash)),
		arrayLiteral(events.map(({ id }) => id)),
		arrayLiteral(events.map(({ key }) => key)),
		lines(events.map(({ text }) => text)),
		arrayLiteral(outcomes.map(({ append }) => append)),
		arrayLiteral(outcomes.map(({ id }) => indexedText(id))),
		arrayLiteral(outcomes.map(({ id }) => storedText(id))),
		arrayLiteral(outcomes.map(({ fingerprint }) => plainText(fingerprint))),
		arrayLiteral(outcomes.map(({ text }) => plainText(text))),
		arrayLiteral(outcomes.map(({ keepMs }) => Math.min(Math.max(0, keepMs), longestKeepMs))),
		waits,
	];
}

/** A hundred years, in milliseconds: PostgreSQL knows no time that is much later. */
const longestKeepMs = 100 * 365 * 24 * 60 * 60 * 1000;

/** The answer of {@link appendSql}. */
export interface AppendAnswer {
	readonly states: string;
	readonly versions_before: string;
}

/** The result of each append. */
export function appendStatesOf(appends: readonly AppendRows[], answer: AppendAnswer): AppendState[] {
	const states = numbers(answer.states);
	const before = numbers(answer.versions_before);
	let part = 0;
	return appends.map(({ parts }, index) => {
		const own = before.slice(part, part + parts.length);
		part += parts.length;
		if (states[index] === appendStates.added) return own;
		return states[index] === appendStates.busy ? "busy" : "refused";
	});
}

function expectedNumber(expected: Expected): number {
	switch (expected) {
		case "none":
			return 0;
		case "exists":
			return -1;
		case "any":
			return -2;
		default:
			// A version that no stream can have is refused, with the version that the stream has.
			return Number.isInteger(expected) && expected >= 0 && expected < 2 ** 31 ? expected : 2 ** 31 - 1;
	}
}

function numbers(array: string): number[] {
	return array === "{}" ? [] : array.slice(1, -1).split(",").map(Number);
}
