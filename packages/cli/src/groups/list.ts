import type { GroupId } from "@allium/core/event";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import { topicNamed } from "../broker/topic-named.ts";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { type GroupFacts, groupFacts } from "./group-facts.ts";

/** `allium groups` */
export const list: Run = (words, surroundings) =>
	withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [topic] = words.arguments;
		const facts = await allGroups(opened, topic);
		if (words.has("json")) {
			await terminal.print(JSON.stringify(facts.map(plain), null, terminal.isInteractive ? 2 : 0));
		} else if (facts.length === 0) {
			await terminal.print(noGroups(opened.url, topic));
		} else {
			await terminal.print(table(facts, terminal.styles).join("\n"));
		}
		return exitCode.ok;
	});

/** The sentence that tells that there are no groups. */
export function noGroups(url: string, topic: string | undefined): string {
	const which = topic === undefined ? "There is no group" : `No group handles ${JSON.stringify(topic)}`;
	return `${which} in ${url}: an app makes its group when it subscribes.`;
}

/**
 * The names of all groups, of one topic or of all, by topic and name.
 *
 * @throws CommandError for a topic that does not exist.
 */
export async function groupIds(opened: OpenedBroker, topic: string | undefined): Promise<GroupId[]> {
	const all = await opened.ask((ctx) => opened.state.groups(ctx));
	const found = all.filter((each) => topic === undefined || each.topic === topic);
	// A group may outlive its topic, so only a topic without groups has to exist.
	if (topic !== undefined && found.length === 0) await topicNamed(opened, topic);
	return found.sort(
		(one, other) => one.topic.localeCompare(other.topic) || one.group.localeCompare(other.group),
	);
}

/** All groups, of one topic or of all, as {@link groupIds} finds them. */
export async function allGroups(opened: OpenedBroker, topic: string | undefined): Promise<GroupFacts[]> {
	const facts: GroupFacts[] = [];
	for (const id of await groupIds(opened, topic)) {
		const found = await groupFacts(opened, id);
		// The group may have been deleted since.
		if (found !== undefined) facts.push(found);
	}
	return facts;
}

/** A group for programs. */
export function plain({ report, held, trouble, ...rest }: GroupFacts): object {
	return { ...rest, members: report.members.length, lanes: report.lanes.length, held, trouble };
}

/** A line for each group, and below it one for each of its problems. */
function table(facts: readonly GroupFacts[], { bold, dim, red }: Styles): string[] {
	const titles = ["TOPIC", "GROUP", "MEMBERS", "LANES", "LAG", "BEHIND", "RETRYING", "PARKED", "DELAYED"];
	const [title = "", ...lines] = columns([
		titles.map(dim),
		...facts.map(({ topic, group, report, held, lag, lagSeconds, retrying, parked, delayed }) => [
			topic,
			bold(group),
			String(report.members.length),
			`${held} of ${report.lanes.length}`,
			shown(lag),
			lagSeconds === undefined ? "?" : formatAge(lagSeconds * 1_000),
			shown(retrying),
			parked === undefined || parked === 0 ? shown(parked) : red(String(parked)),
			shown(delayed),
		]),
	]);
	return [
		title,
		...facts.flatMap(({ trouble }, index) => [
			lines[index] ?? "",
			...trouble.map((sentence) => `  ${red(sentence)}`),
		]),
	];
}

/** A number that may be unknown. */
export function shown(number: number | undefined): string {
	return number === undefined ? "?" : String(number);
}
