import type { EventRecord } from "@allium/core/event";
import type { Append, EventStore, Expected } from "@allium/core/store";

/** The topic of the suite's events. */
export const topicName = "account";

/** The stream of tests that need only one. */
export const streamName = "account/a1";

/** An event of the suite. */
export function accountEvent(id: string, change: Partial<EventRecord> = {}): EventRecord {
	return {
		id,
		type: "account.deposited",
		version: 1,
		source: "suite",
		key: "a1",
		time: new Date().toISOString(),
		data: { id },
		correlationId: id,
		...change,
	};
}

/** Several events with the ids `a-0`, `a-1` and so on. */
export function accountEvents(
	name: string,
	count: number,
	change: Partial<EventRecord> = {},
): readonly EventRecord[] {
	return Array.from({ length: count }, (_, index) => accountEvent(`${name}-${index}`, change));
}

/** Events for a stream, whose key is its name. */
export function part(
	events: readonly EventRecord[],
	{
		stream = streamName,
		topic = topicName,
		expected = "any",
	}: { readonly stream?: string; readonly topic?: string; readonly expected?: Expected } = {},
): Append {
	return { stream, topic, expected, events: events.map((event) => ({ ...event, key: stream })) };
}

/** The ids of events of a stream or of a log. */
export function idsOf(events: readonly { readonly event: EventRecord }[]): string[] {
	return events.map(({ event }) => event.id);
}

/**
 * The appends of one call of a writing process: two events to each of two streams, whose names begin with the prefix.
 */
export function deposits(writer: string, call: number, prefix = "account"): readonly Append[] {
	return ["a", "b"].map((half) =>
		part(accountEvents(`${writer}-${call}-${half}`, 2, { data: "x".repeat(1_000) }), {
			stream: `${prefix}/${half}`,
		}),
	);
}

/** The exports of an adapter's module that tests of event stores use. */
export interface EventStoreModule {
	eventStore(url: string, options: object): EventStore | Promise<EventStore>;
}
