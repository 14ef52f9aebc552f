import type { GroupId, ParkedEvent, TopicLog } from "@allium/core/event";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import { positionText } from "../broker/position.ts";
import type { Run, Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { numberOption } from "../command/option-values.ts";
import { unknownGroup } from "../groups/group-named.ts";
import { groupIds } from "../groups/list.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { type Waiting, waitingBehind } from "./waiting.ts";

/** The most events of a group to show at once. */
const mostEvents = 1_000;
/** For so many of the parked events is counted what waits behind them. */
const mostCounted = 100;

/** Some parked events of a group, and the start of the next page. */
interface ParkedPage extends GroupId {
	readonly items: readonly ParkedEvent[];
	readonly next?: string;
	/** How long the topic keeps an event after it was published, in milliseconds. Undefined if nobody knows. */
	readonly retainMs?: number | undefined;
	/** How many events wait behind each. Undefined where nobody counts them. */
	readonly waiting: readonly (Waiting | undefined)[];
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
	const ids = await namedGroups(opened, topic, group);
	const pages: ParkedPage[] = [];
	for (const { topic, group } of ids) {
		const parking = opened.broker.parking({ topic, group });
		const slice = await opened.ask((ctx) =>
			parking.list({ limit, ...(after !== undefined && { after }) }, ctx),
		);
		if (slice.items.length === 0) continue;
		const log = await opened.ask(async (ctx) => opened.broker.log?.find(topic, ctx));
		const waiting = log === undefined ? [] : await waitingOf(opened, log, { topic, group }, slice.items);
		pages.push({ topic, group, ...slice, retainMs: log?.retainMs, waiting });
	}
	return pages;
}

/** How many events wait behind each of the first parked events. */
async function waitingOf(
	opened: OpenedBroker,
	log: TopicLog,
	id: GroupId,
	items: readonly ParkedEvent[],
): Promise<Waiting[]> {
	const report = await opened.ask(async (ctx) => opened.broker.state?.group(id).report(ctx));
	const names = report?.members.flatMap(({ handles }) => Object.keys(handles)) ?? [];
	const handles = names.length === 0 ? undefined : new Set(names);
	const waiting: Waiting[] = [];
	for (const item of items.slice(0, mostCounted)) {
		waiting.push(await opened.ask((ctx) => waitingBehind(log, item, handles, ctx)));
	}
	return waiting;
}

/**
 * The groups that are meant.
 *
 * @throws CommandError for a topic or a group that does not exist, where the broker knows which do.
 */
async function namedGroups(
	opened: OpenedBroker,
	topic: string | undefined,
	group: string | undefined,
): Promise<readonly GroupId[]> {
	if (topic !== undefined && group !== undefined && opened.broker.state === undefined)
		return [{ topic, group }];
	const found = await groupIds(opened, topic);
	if (topic === undefined || group === undefined) return found;
	const named = found.filter((each) => each.group === group);
	if (named.length === 0) throw await unknownGroup(opened, { topic, group });
	return named;
}

function plain({ topic, group, items, next, retainMs, waiting }: ParkedPage): object {
	return {
		topic,
		group,
		events: items.map((item, index) => ({
			id: idOf(item),
			position: positionText(item),
			...(item.key !== undefined && { key: item.key }),
			attempts: item.attempt,
			since: new Date(item.since).toISOString(),
			...keptUntil(goneAt(item, retainMs)),
			...(waiting[index] !== undefined && { waiting: waiting[index] }),
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

function keptUntil(time: number): { readonly keptUntil?: string } {
	return Number.isFinite(time) ? { keptUntil: new Date(time).toISOString() } : {};
}

/** When the topic drops the event, in milliseconds since 1970: Infinity for never, NaN if nobody knows. */
function goneAt({ event }: ParkedEvent, retainMs = Number.NaN): number {
	return Date.parse(event?.time ?? "") + retainMs;
}

function text(
	{ topic, group, items, next, retainMs, waiting }: ParkedPage,
	{ bold, dim, red }: Styles,
): string[] {
	const now = Date.now();
	const rows = items.map((item, index) => [
		idOf(item),
		item.event?.type ?? "gone by retention",
		item.key ?? item.event?.key ?? "",
		String(item.attempt),
		`${formatAge(now - item.since)} ago`,
		ageOf(item, now),
		keptFor(goneAt(item, retainMs) - now),
		waitingText(waiting[index]),
		red(errorText(item)),
	]);
	const more = `  More: allium parked list ${topic} ${group} --after ${next}`;
	return [
		`${bold(group)} of ${bold(topic)}`,
		...columns([
			["ID", "EVENT", "KEY", "ATTEMPTS", "SINCE", "AGE", "KEPT FOR", "WAITING", "ERROR"].map(dim),
			...rows,
		]).map((line) => `  ${line}`),
		...(next === undefined ? [] : [more]),
	];
}

function ageOf({ event }: ParkedEvent, now: number): string {
	const published = Date.parse(event?.time ?? "");
	return Number.isNaN(published) ? "?" : formatAge(now - published);
}

function keptFor(milliseconds: number): string {
	if (Number.isNaN(milliseconds)) return "?";
	return Number.isFinite(milliseconds) ? formatAge(milliseconds) : "ever";
}

function waitingText(waiting: Waiting | undefined): string {
	if (waiting === undefined) return "?";
	return waiting.more ? `${waiting.count}+` : String(waiting.count);
}

function errorText({ error }: ParkedEvent): string {
	if (error === undefined) return "unknown";
	const { code, reason, message } = error;
	return `${reason === undefined ? code : `${code} (${reason})`}: ${message}`;
}
