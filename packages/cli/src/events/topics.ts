import type { TopicLog } from "@allium/core/event";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import { noTopics } from "../broker/topic-named.ts";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";

/** A topic, and the extent of its events. */
interface TopicFacts {
	readonly topic: string;
	readonly lanes: number;
	readonly events: number;
	/** When the oldest event was published, in ISO 8601. */
	readonly oldest?: string;
}

/** `allium events topics` */
export const topics: Run = (words, surroundings) =>
	withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const facts = await allTopics(opened);
		if (words.has("json")) {
			await terminal.print(JSON.stringify(facts, null, terminal.isInteractive ? 2 : 0));
			return exitCode.ok;
		}
		if (facts.length === 0) {
			await terminal.print(noTopics(opened.url));
			return exitCode.ok;
		}
		const { bold, dim } = terminal.styles;
		const rows = facts.map(({ topic, lanes, events, oldest }) => [
			bold(topic),
			String(lanes),
			String(events),
			oldest === undefined ? "" : `${formatAge(Date.now() - Date.parse(oldest))} ago`,
		]);
		await terminal.print(columns([["TOPIC", "LANES", "EVENTS", "OLDEST"].map(dim), ...rows]).join("\n"));
		return exitCode.ok;
	});

async function allTopics(opened: OpenedBroker): Promise<TopicFacts[]> {
	const { log } = opened;
	const facts: TopicFacts[] = [];
	for (const name of await opened.ask((ctx) => log.topics(ctx))) {
		const topic = await opened.ask((ctx) => log.find(name, ctx));
		// The topic may have been deleted since.
		if (topic !== undefined) facts.push(await factsOf(opened, topic));
	}
	return facts;
}

async function factsOf(opened: OpenedBroker, topic: TopicLog): Promise<TopicFacts> {
	const behind = await opened.ask(async (ctx) => topic.behind(await topic.at("start", ctx), ctx));
	let events = 0;
	let oldest = Number.POSITIVE_INFINITY;
	for (const lane of behind.values()) {
		events += lane.events;
		oldest = Math.min(oldest, lane.since ?? oldest);
	}
	return {
		topic: topic.topic,
		lanes: topic.lanes,
		events,
		...(Number.isFinite(oldest) && { oldest: new Date(oldest).toISOString() }),
	};
}
