import { Context } from "@allium/core";
import type {
	Cursors,
	EventRecord,
	Log,
	PageBounds,
	Placed,
	TopicLog,
	TopicOptions,
} from "@allium/core/event";
import { BackendLab } from "../suite/backend-lab.ts";
import type { LogSetup } from "./log-setup.ts";

/** The root of all contexts of the suite. */
export const background: Context = Context.background();

/** The topic of tests that need only one. */
export const topicName = "matches";

/** Bounds that no test reaches. */
const wide: PageBounds = { events: 1_000, bytes: 64 * 1024 * 1024 };

/** The log of one test. */
export class LogLab extends BackendLab<Log, LogSetup> {
	/** Opens a further handle on the topic. */
	async topic(options: TopicOptions = { lanes: 4 }, target?: string): Promise<TopicLog> {
		const log = await this.open(target === undefined ? {} : { target });
		return log.open(topicName, options, background);
	}
}

/** Reads all events behind the cursors, page by page. */
export async function readAll(
	topic: TopicLog,
	after?: Cursors,
	bounds: Partial<PageBounds> = {},
): Promise<Placed[]> {
	const events: Placed[] = [];
	let cursors = after ?? (await topic.at("start", background));
	for (;;) {
		const page = await topic.read(cursors, { ...wide, ...bounds }, background);
		events.push(...page.events);
		if (page.events.length === 0 && [...page.next].every(([lane, next]) => next === cursors.get(lane))) {
			return events;
		}
		cursors = page.next;
	}
}

/** Publishes each event in a separate call, without waiting in between. */
export async function appendEach(topic: TopicLog, events: readonly EventRecord[]): Promise<void> {
	await Promise.all(events.map((event) => topic.append([event], background)));
}

/** The events of each lane, in order. */
export function byLane(events: readonly Placed[]): Map<number, Placed[]> {
	return Map.groupBy(events, ({ lane }) => lane);
}

/** The only value of a list. */
export function only<Value>(values: readonly Value[]): Value {
	const [value] = values;
	if (value === undefined || values.length > 1)
		throw new Error(`one value was expected, not ${values.length}`);
	return value;
}
