import type { Append, AppendFacts, KnownEvent, Outcome } from "@allium/core/store";
import { arrayLiteral } from "./array-literal.ts";
import type { Value } from "./connection-pool.ts";
import { indexedText, originalName, originalText, sortedText } from "./stored-text.ts";
import type { TopicRow } from "./topic-row.ts";

/** A row of {@link factsSql}. */
export interface FactRow {
	readonly kind: "stream" | "event" | "outcome";
	readonly stream: string | null;
	readonly topic: string;
	readonly version: number;
	readonly lane: number;
	readonly id: string;
	readonly text: string;
}

/** The statement that finds the facts that decide on an append, with the tables of a schema. */
export function factsSql(schema: string): string {
	return `
SELECT 'stream' AS kind, streams.name AS stream, topics.name AS topic, version, 0 AS lane, '' AS id, '' AS text
FROM ${schema}.streams JOIN ${schema}.topics ON topics.id = streams.topic WHERE streams.name = ANY ($1::text[])
UNION ALL
SELECT 'event', streams.name, given.topic::text, coalesce(events.version, 0), lane, given.id, text
FROM unnest($2::int[], $3::text[]) AS given (topic, id)
JOIN ${schema}.events ON events.topic = given.topic AND events.id = given.id
LEFT JOIN ${schema}.streams ON streams.id = events.stream
UNION ALL
SELECT 'outcome', NULL, '', 0, 0, '', '' FROM ${schema}.outcomes WHERE id = $4 AND expires > now()`;
}

/** The values of {@link factsSql}. */
export function factValues(
	parts: readonly Append[],
	topics: ReadonlyMap<string, TopicRow>,
	outcome: Outcome | undefined,
): Value[] {
	const ids = parts.flatMap(({ topic, events }) =>
		events.map((event) => ({ topic: topics.get(topic)?.id, id: indexedText(event.id) })),
	);
	return [
		arrayLiteral(parts.map(({ stream }) => sortedText(stream))),
		arrayLiteral(ids.map(({ topic }) => topic)),
		arrayLiteral(ids.map(({ id }) => id)),
		outcome === undefined ? null : indexedText(outcome.id),
	];
}

/** The facts in the rows of {@link factsSql}. */
export class StoredFacts implements AppendFacts {
	/** Whether the outcome is kept already. */
	readonly hasOutcome: boolean;
	readonly #topics: ReadonlyMap<string, TopicRow>;
	readonly #streams = new Map<string, { readonly topic: string; readonly version: number }>();
	readonly #events = new Map<string, KnownEvent>();

	constructor(rows: readonly FactRow[], topics: ReadonlyMap<string, TopicRow>) {
		this.#topics = topics;
		this.hasOutcome = rows.some(({ kind }) => kind === "outcome");
		for (const { kind, stream, topic, version, lane, id, text } of rows) {
			const name = stream === null ? undefined : originalName(stream);
			if (kind === "stream" && name !== undefined) {
				this.#streams.set(name, { topic: originalText(topic), version });
			} else if (kind === "event") {
				this.#events.set(`${topic} ${id}`, { text, stream: name, version, lane, cursor: undefined });
			}
		}
	}

	stream(name: string): { readonly topic: string; readonly version: number } | undefined {
		return this.#streams.get(name);
	}

	event(topic: string, id: string): KnownEvent | undefined {
		return this.#events.get(`${this.#topics.get(topic)?.id} ${indexedText(id)}`);
	}
}
