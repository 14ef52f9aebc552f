import { Context } from "@allium/core";
import type { Placed, TopicLog } from "@allium/core/event";
import type { Append, Appended, EventStore, Outcome, StreamEvent } from "@allium/core/store";
import { expect } from "vitest";
import { readAll } from "../log/log-lab.ts";
import { BackendLab } from "../suite/backend-lab.ts";
import { streamName, topicName } from "./account-event.ts";
import type { EventStoreSetup } from "./store-setup.ts";

/** The root of all contexts of the suite. */
export const background: Context = Context.background();

/** The event store of one test. */
export class EventStoreLab extends BackendLab<EventStore, EventStoreSetup> {
	/** How many events the longest stream has. */
	get many(): number {
		return this.setup.many ?? 100_000;
	}
}

/** Appends one part. */
export async function append(store: EventStore, part: Append, outcome?: Outcome): Promise<Appended> {
	const [appended] = await store.append([part], background, outcome);
	return appended ?? expect.unreachable();
}

/** All events of a stream, in order. */
export async function readStream(store: EventStore, stream: string = streamName): Promise<StreamEvent[]> {
	const events: StreamEvent[] = [];
	for (;;) {
		const page = await store.read(stream, { after: events.length }, background);
		events.push(...page.events);
		if (!page.more) return events;
	}
}

/** The topic of the suite in the log of the store. */
export function topicOf(store: EventStore): Promise<TopicLog> {
	return store.log.open(topicName, {}, background);
}

/** All events of the topic of the suite that can be read now, in the order of the log. */
export async function readTopic(store: EventStore): Promise<Placed[]> {
	return readAll(await topicOf(store));
}

/** All events of the topic of the suite, once there are `count` of them. */
export async function readTopicOf(lab: EventStoreLab, store: EventStore, count: number): Promise<Placed[]> {
	let events: Placed[] = [];
	await lab.eventually(async () => {
		events = await readTopic(store);
		expect(events).toHaveLength(count);
	});
	return events;
}

/** The outcome of a call. */
export function outcome(id: string, change: Partial<Outcome> = {}): Outcome {
	return { id, fingerprint: `deposit ${id}`, text: `{"of":"${id}"}`, keepMs: 3_600_000, ...change };
}

/** The error of an append whose expected version is wrong. */
export function wrongVersion(version: number, stream: string = streamName): object {
	return { code: "aborted", reason: "wrong_version", data: { stream, version } };
}
