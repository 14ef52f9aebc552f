import type { GroupId, ParkedEvent, Which } from "@allium/core/event";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import type { Run, Words } from "../command/command.ts";
import { type CommandError, notFound, usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { isSilent } from "../groups/group-facts.ts";
import { unknownGroup } from "../groups/group-named.ts";

/** How many parked events are read at once. */
const pageSize = 500;

/** How long the change of all parked events may take, which may be hundreds of thousands, in milliseconds. */
const longestEditMs = 600_000;

/** `allium parked replay <topic> <group>` */
export const replay: Run = (words, surroundings) => edit("replay", words, surroundings);

/** `allium parked discard <topic> <group>` */
export const discard: Run = (words, surroundings) => edit("discard", words, surroundings);

async function edit(
	what: "replay" | "discard",
	words: Words,
	surroundings: Parameters<Run>[1],
): ReturnType<Run> {
	checkWhich(words);
	return withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [topic = "", group = ""] = words.arguments;
		const id = { topic, group };
		const members = await liveMembers(opened, id);
		const meant = await meantBy(words, opened, id);
		const parking = opened.broker.parking(id);
		terminal.status(`Changing the parked events of ${group} …`);
		const count = await opened.ask((ctx) => parking[what](meant, ctx), longestEditMs);
		if (count === 0 && meant !== "all") throw notParked(words.values("key"), id, opened.url);
		await terminal.print(
			words.has("json")
				? JSON.stringify({ ...id, [what === "replay" ? "replayed" : "discarded"]: count, members })
				: sentence(what, count, id, members, opened.url),
		);
		return exitCode.ok;
	});
}

function checkWhich(words: Words): void {
	const given = ["id", "key", "all"].filter((option) => words.has(option));
	if (given.length === 1) return;
	const fault = given.length === 0 ? "Say which events are meant" : "Only one of these can be given";
	throw usageError(`${fault}: --id <id>, --key <key> or --all.`, [
		"allium parked list shows the ids and the keys.",
	]);
}

function notParked(wanted: readonly string[], { topic, group }: GroupId, url: string): CommandError {
	return notFound(`The group ${group} of ${topic} in ${url} has not parked ${wanted.join(", ")}.`, [
		`allium parked list ${topic} ${group} shows the ids and the keys.`,
	]);
}

/** How many processes work on the group. Undefined if the broker does not tell. */
async function liveMembers(opened: OpenedBroker, id: GroupId): Promise<number | undefined> {
	if (opened.broker.state === undefined) return undefined;
	const report = await opened.ask((ctx) => opened.state.group(id).report(ctx));
	if (report === undefined) throw await unknownGroup(opened, id);
	return report.members.filter((member) => !isSilent(member)).length;
}

async function meantBy(words: Words, opened: OpenedBroker, id: GroupId): Promise<Which> {
	if (words.has("all")) return "all";
	const keys = words.values("key");
	if (keys.length > 0) return { keys };
	const wanted = words.values("id");
	const entries = await entriesOf(opened, id, wanted);
	const missing = wanted.filter((each) => !entries.some((item) => isOf(item, [each])));
	if (missing.length === 0) return { ids: entries.map((item) => item.id) };
	throw notParked(missing, id, opened.url);
}

/** The group's entries of the given events. People know the ids of events, and a group the ids of its entries. */
async function entriesOf(
	opened: OpenedBroker,
	id: GroupId,
	wanted: readonly string[],
): Promise<ParkedEvent[]> {
	const entries: ParkedEvent[] = [];
	const parking = opened.broker.parking(id);
	let after: string | undefined;
	do {
		const page = { limit: pageSize, ...(after !== undefined && { after }) };
		const { items, next } = await opened.ask((ctx) => parking.list(page, ctx));
		entries.push(...items.filter((item) => isOf(item, wanted)));
		after = next;
	} while (after !== undefined);
	return entries;
}

function isOf({ id, event }: ParkedEvent, wanted: readonly string[]): boolean {
	return wanted.includes(id) || (event !== undefined && wanted.includes(event.id));
}

function sentence(
	what: "replay" | "discard",
	count: number,
	{ topic, group }: GroupId,
	members: number | undefined,
	url: string,
): string {
	const where = `the group ${group} of ${topic} in ${url}`;
	if (count === 0) return `Nothing is parked in ${where}.`;
	const events = count === 1 ? "1 parked event" : `${count} parked events`;
	const done = what === "replay" ? "tried again" : "passed over";
	const isDone = count === 1 ? "is" : "are";
	if (members === undefined) return `${events} of ${where} ${isDone} ${done}.`;
	if (members === 0) {
		return `${events} of ${where} will be ${done} when a process works on the group: none does now. Start the app that subscribes as ${group}.`;
	}
	const processes = members === 1 ? "the process" : `one of the ${members} processes`;
	return `${events} of ${where} ${isDone} ${done} now, by ${processes} that ${members === 1 ? "works" : "work"} on it.`;
}
