import type { GroupId, ParkedEvent } from "@allium/core/event";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import { positionText } from "../broker/position.ts";
import type { Run, Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { numberOption } from "../command/option-values.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";

/** The most events of a group to show at once. */
const mostEvents = 1_000;

/** Some parked events of a group, and the start of the next page. */
interface ParkedPage extends GroupId {
	readonly items: readonly ParkedEvent[];
	readonly next?: string;
}

/** `allium parked list [topic] [group]` */
export const list: Run = (words, surroundings) => {
	const limit = numberOption(words, "limit", "whole", mostEvents) ?? 50;
	return withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [topic, group] = words.arguments;
		const pages = await parkedPages(opened, words, limit);
		if (words.has("json")) {
			await terminal.print(JSON.stringify(pages.map(plain), null, terminal.isInteractive ? 2 : 0));
		} else if (pages.length === 0) {
			const where = [
				...(group === undefined ? [] : [`the group ${group}`]),
				...(topic === undefined ? [] : [topic]),
			];
			await terminal.print(
				`Nothing is parked in ${[where.join(" of "), opened.url].filter(Boolean).join(" in ")}.`,
			);
		} else {
			await terminal.print(pages.flatMap((page) => text(page, terminal.styles)).join("\n"));
		}
		return exitCode.ok;
	});
};

/** The first page of each group that has parked events, or the page of one group that the words name. */
async function parkedPages(opened: OpenedBroker, words: Words, limit: number): Promise<ParkedPage[]> {
	const [topic, group] = words.arguments;
	const after = words.value("after");
	if (after !== undefined && group === undefined)
		throw usageError("--after needs the topic and the group before it.");
	const ids = topic !== undefined && group !== undefined ? [{ topic, group }] : await groupsOf(opened, topic);
	const pages: ParkedPage[] = [];
	for (const { topic, group } of ids) {
		const parking = opened.broker.parking({ topic, group });
		const slice = await opened.ask((ctx) =>
			parking.list({ limit, ...(after !== undefined && { after }) }, ctx),
		);
		if (slice.items.length > 0) pages.push({ topic, group, ...slice });
	}
	return pages;
}

async function groupsOf(opened: OpenedBroker, topic: string | undefined): Promise<GroupId[]> {
	const all = await opened.ask((ctx) => opened.state.groups(ctx));
	return all
		.filter((each) => topic === undefined || each.topic === topic)
		.sort((one, other) => one.topic.localeCompare(other.topic) || one.group.localeCompare(other.group));
}

function plain({ topic, group, items, next }: ParkedPage): object {
	return {
		topic,
		group,
		events: items.map((item) => ({
			id: idOf(item),
			position: positionText(item),
			...(item.key !== undefined && { key: item.key }),
			attempts: item.attempt,
			since: new Date(item.since).toISOString(),
			...(item.error !== undefined && { error: item.error }),
			...(item.event !== undefined && { event: item.event }),
		})),
		...(next !== undefined && { next }),
	};
}

/** The id of the event, or that of its entry if the topic keeps the event no longer. */
function idOf({ event, id }: ParkedEvent): string {
	return event?.id ?? id;
}

function text({ topic, group, items, next }: ParkedPage, { bold, dim, red }: Styles): string[] {
	const now = Date.now();
	const rows = items.map((item) => [
		idOf(item),
		item.event?.type ?? "gone by retention",
		item.key ?? item.event?.key ?? "",
		String(item.attempt),
		`${formatAge(now - item.since)} ago`,
		ageOf(item, now),
		red(errorText(item)),
	]);
	const more = `  More: allium parked list ${topic} ${group} --after ${next}`;
	return [
		`${bold(group)} of ${bold(topic)}`,
		...columns([["ID", "EVENT", "KEY", "ATTEMPTS", "SINCE", "AGE", "ERROR"].map(dim), ...rows]).map(
			(line) => `  ${line}`,
		),
		...(next === undefined ? [] : [more]),
	];
}

function ageOf({ event }: ParkedEvent, now: number): string {
	const published = Date.parse(event?.time ?? "");
	return Number.isNaN(published) ? "?" : formatAge(now - published);
}

function errorText({ error }: ParkedEvent): string {
	if (error === undefined) return "unknown";
	const { code, reason, message } = error;
	return `${reason === undefined ? code : `${code} (${reason})`}: ${message}`;
}
