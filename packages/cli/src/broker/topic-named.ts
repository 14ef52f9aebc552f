import type { TopicLog } from "@allium/core/event";
import { unknownName } from "../discovery/unknown-name.ts";
import type { OpenedBroker } from "./opened-broker.ts";

/**
 * Finds a topic.
 *
 * @throws CommandError that names the nearest topic, and all of them.
 */
export async function topicNamed(opened: OpenedBroker, name: string): Promise<TopicLog> {
	const found = await opened.ask((ctx) => opened.log.find(name, ctx));
	if (found !== undefined) return found;
	const names = await opened.ask((ctx) => opened.log.topics(ctx));
	throw unknownName(
		`${opened.url} has no topic ${JSON.stringify(name)}`,
		name,
		names,
		`It has no topics: ${topicsAreMade}`,
	);
}

const topicsAreMade = "an app makes those of its contracts when it starts.";

/** The sentence that tells that there are no topics. */
export function noTopics(url: string): string {
	return `There is no topic in ${url}: ${topicsAreMade}`;
}
