import type { Behind } from "@allium/core/event";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { type GroupFacts, groupFacts } from "./group-facts.ts";
import { unknownGroup } from "./group-named.ts";
import { plain, shown } from "./list.ts";

type Lanes = ReadonlyMap<number, Behind>;

/** `allium groups show <topic> <group>` */
export const show: Run = (words, surroundings) =>
	withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [topic = "", group = ""] = words.arguments;
		const facts = await groupFacts(opened, { topic, group });
		if (facts === undefined) throw await unknownGroup(opened, { topic, group });
		const behind = await behindOf(opened, facts);
		if (words.has("json")) {
			const { members } = facts.report;
			const all = { ...plain(facts), members, lanes: lanesOf(facts, behind) };
			await terminal.print(JSON.stringify(all, null, terminal.isInteractive ? 2 : 0));
		} else {
			await terminal.print(text(facts, behind, terminal.styles).join("\n"));
		}
		return exitCode.ok;
	});

async function behindOf(opened: OpenedBroker, { topic, report }: GroupFacts): Promise<Lanes> {
	const found = await opened.ask((ctx) => opened.log.find(topic, ctx));
	const cursors = new Map(report.lanes.map(({ lane, cursor }) => [lane, cursor]));
	return found === undefined ? new Map() : opened.ask((ctx) => found.behind(cursors, ctx));
}

function lanesOf({ report }: GroupFacts, behind: Lanes): object[] {
	return report.lanes.map(({ lane, holder, epoch, cursor }) => ({
		lane,
		...(holder !== undefined && { holder }),
		epoch,
		cursor,
		behind: behind.get(lane)?.events,
	}));
}

function text(facts: GroupFacts, behind: Lanes, { bold, dim, red }: Styles): string[] {
	const { topic, group, report, lag, lagSeconds, retrying, parked, delayed, trouble } = facts;
	const age = lagSeconds === undefined ? "?" : formatAge(lagSeconds * 1_000);
	const members = report.members.map(({ id, handles, silentMs }) => [
		id,
		Object.entries(handles)
			.map(([name, version]) => (version === 1 ? name : `${name} (version ${version})`))
			.join(", "),
		silentMs === undefined ? "" : `renewed ${formatAge(silentMs)} ago`,
	]);
	const lanes = report.lanes.map(({ lane, holder, epoch }) => [
		String(lane),
		holder ?? "nobody",
		String(epoch),
		shown(behind.get(lane)?.events),
	]);
	return [
		`${bold(group)} of ${bold(topic)}`,
		`lag ${shown(lag)}, behind ${age}, retrying ${shown(retrying)}, parked ${shown(parked)}, delayed ${shown(delayed)}`,
		...trouble.map(red),
		"",
		...(members.length === 0
			? ["No members."]
			: columns([["MEMBER", "HANDLES", "RENEWED"].map(dim), ...members])),
		"",
		...columns([["LANE", "HELD BY", "EPOCH", "LAG"].map(dim), ...lanes]),
	];
}
