import { isServiceError } from "@allium/core";
import type { TopicLog } from "@allium/core/event";
import type { OpenedBroker } from "../broker/opened-broker.ts";
import type { Surroundings, Words } from "../command/command.ts";
import { CommandError } from "../command/command-error.ts";
import { describedEvents } from "../discovery/described-events.ts";
import { unknownName } from "../discovery/unknown-name.ts";

/** How many of the oldest events are looked at, whose types exist for certain. */
const page = { events: 1_000, bytes: 4 * 1024 * 1024 };

/**
 * Checks that a topic has an event of a type: the topic keeps one, a group handles it, or its service describes it.
 * Where no service describes itself, the type is taken for granted, with a warning.
 *
 * @param type the event, as `<contract>.<event>`.
 * @throws CommandError that names the nearest event, and all that are known.
 */
export async function checkEventType(
	opened: OpenedBroker,
	topic: TopicLog,
	type: string,
	words: Words,
	surroundings: Surroundings,
): Promise<void> {
	const name = type.slice(topic.topic.length + 1);
	const seen = [...(await keptNames(opened, topic)), ...(await handledNames(opened, topic))];
	if (seen.includes(name)) return;
	const described = await describedNames(topic.topic, words, surroundings);
	if (described === undefined) {
		surroundings.terminal.complain(
			`No service is up that describes ${topic.topic}, so it is not known whether it has an event ${JSON.stringify(name)}. Waiting for one.`,
		);
		return;
	}
	const names = [...described, ...seen];
	if (names.includes(name)) return;
	throw unknownName(
		`${topic.topic} in ${opened.url} has no event ${JSON.stringify(name)}`,
		name,
		names,
		"It has no events at all.",
	);
}

async function keptNames(opened: OpenedBroker, topic: TopicLog): Promise<string[]> {
	const { events } = await opened.ask(async (ctx) => topic.read(await topic.at("start", ctx), page, ctx));
	const prefix = `${topic.topic}.`;
	return events.flatMap(({ event, fault }) =>
		fault === undefined && event.type.startsWith(prefix) ? [event.type.slice(prefix.length)] : [],
	);
}

async function handledNames(opened: OpenedBroker, { topic }: TopicLog): Promise<string[]> {
	const { state } = opened.broker;
	if (state === undefined) return [];
	const groups = (await opened.ask((ctx) => state.groups(ctx))).filter((each) => each.topic === topic);
	const reports = await Promise.all(groups.map((id) => opened.ask((ctx) => state.group(id).report(ctx))));
	const members = reports.flatMap((report) => report?.members ?? []);
	return members.flatMap(({ handles }) => Object.keys(handles));
}

/** The events that the service describes. Undefined if no instance describes it. */
async function describedNames(
	service: string,
	words: Words,
	surroundings: Surroundings,
): Promise<string[] | undefined> {
	try {
		const { events = {} } = await describedEvents(service, words, surroundings);
		return Object.keys(events);
	} catch (error) {
		if (error instanceof CommandError || isServiceError(error)) return undefined;
		throw error;
	}
}
