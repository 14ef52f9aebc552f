import type { EventRecord, Page, Placed } from "@allium/core/event";

/** An event of the suite. */
export function matchEvent(id: string, change: Partial<EventRecord> = {}): EventRecord {
	return {
		id,
		type: "matches.started",
		version: 1,
		source: "suite",
		time: new Date().toISOString(),
		data: { id },
		correlationId: id,
		...change,
	};
}

/** Several events of one key, with the ids `a-0`, `a-1` and so on. */
export function matchEvents(key: string, count: number, change: Partial<EventRecord> = {}): EventRecord[] {
	return Array.from({ length: count }, (_, index) => matchEvent(`${key}-${index}`, { key, ...change }));
}

/** The ids of the events of a page. */
export function idsOf({ events }: Pick<Page, "events">): string[] {
	return events.map(idOf);
}

export function idOf({ event }: Placed): string {
	return event.id;
}

/** The events that a publisher adds in one call. */
export function batchOf(publisher: string, batch: number): EventRecord[] {
	return matchEvents(`${publisher}-${batch}`, 4, { data: "x".repeat(2_000) });
}
