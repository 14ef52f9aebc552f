import { withBroker } from "../broker/opened-broker.ts";
import { topicNamed } from "../broker/topic-named.ts";
import type { Run } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { confirmed } from "../command/confirmed.ts";
import { exitCode } from "../command/exit-code.ts";
import { placeOption } from "../command/time-value.ts";
import { groupFacts } from "./group-facts.ts";
import { unknownGroup } from "./group-named.ts";
import { unheld } from "./unheld.ts";

/** `allium groups rewind <topic> <group> --to start|now|time` */
export const rewind: Run = async (words, surroundings) => {
	const to = placeOption(words, "to");
	if (to === undefined) throw usageError("Say where to put the group: --to start, --to now or --to <time>.");
	return withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [topic = "", group = ""] = words.arguments;
		const log = await topicNamed(opened, topic);
		const facts = await groupFacts(opened, { topic, group });
		if (facts === undefined) throw await unknownGroup(opened, { topic, group });
		const cursors = await opened.ask((ctx) => log.at(to, ctx));
		const place = to instanceof Date ? to.toISOString() : to;
		const what = `The group ${group} of ${topic} would begin at ${place}, and forget ${kept(facts)}.`;
		if (!(await confirmed(what, words, surroundings))) return exitCode.failed;
		const store = opened.state.group({ topic, group });
		const say = (sentence: string): void => terminal.status(sentence);
		await unheld(opened, { topic, group }, (ctx) => store.rewind(cursors, ctx), say);
		const behind = await opened.ask((ctx) => log.behind(cursors, ctx));
		const events = [...behind.values()].reduce((sum, lane) => sum + lane.events, 0);
		await terminal.print(
			words.has("json")
				? JSON.stringify({ topic, group, to: place, lag: events })
				: `The group ${group} of ${topic} begins at ${place}: ${counted(events)} to be handled when a process works on it.`,
		);
		return exitCode.ok;
	});
};

/** The data that the group would lose, for people. */
export function kept(counts: {
	readonly retrying?: number;
	readonly parked?: number;
	readonly delayed?: number;
}): string {
	const { parked = 0, retrying = 0, delayed = 0 } = counts;
	return `${parked} parked, ${delayed} delayed and ${retrying} events that are tried again`;
}

function counted(events: number): string {
	return events === 1 ? "1 event is" : `${events} events are`;
}
