import { Context } from "@allium/core";
import type { EventStore, StreamEvent } from "@allium/core/store";
import { deposits, topicName } from "./account-event.ts";

const background = Context.background();

/**
 * The faults in the events of writers, one sentence each: acknowledged calls that are missing, calls that are only
 * partly there, events that are there twice or are missing in the log, versions with gaps, and outcomes without events.
 *
 * @param acknowledged The calls, such as `p1-17`.
 * @param prefix The prefix of the names of the writers' streams.
 */
export async function writtenFaults(
	store: EventStore,
	acknowledged: readonly string[],
	prefix: string,
): Promise<string[]> {
	const faults: string[] = [];
	const ids: string[] = [];
	for (const stream of [`${prefix}/a`, `${prefix}/b`]) {
		const events = await wholeStream(store, stream);
		ids.push(...events.map(({ event }) => event.id));
		const gap = events.findIndex(({ version }, index) => version !== index + 1);
		if (gap >= 0) faults.push(`${stream} has no version ${gap + 1}`);
	}
	const there = new Set(ids);
	if (there.size < ids.length) faults.push(`${ids.length - there.size} events are there twice`);
	const inLog = await idsInLog(store);
	for (const id of there)
		if (inLog.get(id) !== 1) faults.push(`${id} is in the log ${inLog.get(id) ?? 0} times`);
	const calls = new Set(ids.map((id) => id.split("-").slice(0, 2).join("-")));
	for (const call of acknowledged)
		if (!calls.has(call)) faults.push(`${call} was acknowledged, and is missing`);
	for (const call of calls) {
		const [writer = "", number] = call.split("-");
		const parts = deposits(writer, Number(number), prefix).flatMap(({ events }) => events);
		const missing = parts.filter(({ id }) => !there.has(id)).map(({ id }) => id);
		if (missing.length > 0) faults.push(`${call} is there without ${missing.join(", ")}`);
		if ((await store.outcome(call, background)) === undefined) faults.push(`${call} has no outcome`);
	}
	return faults;
}

async function wholeStream(store: EventStore, stream: string): Promise<StreamEvent[]> {
	const events: StreamEvent[] = [];
	for (;;) {
		const page = await store.read(stream, { after: events.at(-1)?.version ?? 0 }, background);
		events.push(...page.events);
		if (!page.more) return events;
	}
}

/** How often each id comes in the log, once the log contains all events of the streams. */
async function idsInLog(store: EventStore): Promise<Map<string, number>> {
	const topic = await store.log.open(topicName, {}, background);
	const counts = new Map<string, number>();
	let after = await topic.at("start", background);
	for (;;) {
		const page = await topic.read(after, { events: 1_000, bytes: 16 * 1024 * 1024 }, background);
		for (const { event } of page.events) counts.set(event.id, (counts.get(event.id) ?? 0) + 1);
		if (page.events.length === 0) return counts;
		after = page.next;
	}
}
