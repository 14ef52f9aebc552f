import { Context } from "@allium/core";
import type { GroupId, GroupReport, GroupStore, MemberReport, TopicLog } from "@allium/core/event";
import { groupReport, oldestRetried } from "@allium/core/log-broker";
import type { OpenedBroker } from "../broker/opened-broker.ts";
import { formatAge } from "../text/duration.ts";

/** A member counts as gone after this time without a renewal, in milliseconds. Members renew every second or so. */
export const silentAfterMs = 15_000;

/** How long the numbers of a group may take, in milliseconds. */
const patienceMs = 5_000;

/** The facts about a group. An unknown number is missing. */
export interface GroupFacts extends GroupId {
	readonly report: GroupReport;
	/** The lanes that a member holds. */
	readonly held: number;
	readonly lag?: number;
	readonly lagSeconds?: number;
	readonly retrying?: number;
	readonly parked?: number;
	readonly delayed?: number;
	/** The reasons for which it makes no progress, with the remedy, one sentence each. */
	readonly trouble: readonly string[];
}

/** Reads the facts about a group. Undefined if there is no such group. */
export async function groupFacts(opened: OpenedBroker, id: GroupId): Promise<GroupFacts | undefined> {
	const store = opened.state.group(id);
	const report = await opened.ask((ctx) => store.report(ctx));
	if (report === undefined) return undefined;
	const topic = await opened.ask((ctx) => opened.log.find(id.topic, ctx));
	const { topic: name, group } = id;
	const members = new Set(report.members.map((member) => member.id));
	const held = report.lanes.filter(({ holder }) => holder !== undefined && members.has(holder)).length;
	if (topic === undefined) {
		const trouble = [`its topic is gone; delete the group: allium groups delete ${name} ${group}`];
		return { topic: name, group, report, held, trouble };
	}
	const ctx = Context.background();
	const numbers = await groupReport({ topic, store, lanes: [], patienceMs, ctx });
	// The report of a process knows what its lanes try again. Here, the lanes are those of others.
	const { retrying = 0, lagSeconds = 0 } = numbers;
	const retried =
		retrying === 0 ? undefined : await opened.ask((ctx) => firstRetried(topic, store, report.lanes, ctx));
	const behind = retried !== undefined && {
		lagSeconds: Math.max(lagSeconds, (Date.now() - retried) / 1_000),
	};
	const trouble = await troubleOf(opened, topic, id, report, numbers.lag ?? 0);
	return { topic: name, group, report, held, ...numbers, ...behind, trouble };
}

/** When the oldest event that waits for another attempt was published, as {@link oldestRetried}. */
async function firstRetried(
	topic: TopicLog,
	store: GroupStore,
	lanes: GroupReport["lanes"],
	ctx: Context,
): Promise<number | undefined> {
	const deferred = lanes.map(async ({ lane }) => [lane, await store.deferred(lane, ctx)] as const);
	return oldestRetried(topic, new Map(await Promise.all(deferred)), ctx);
}

async function troubleOf(
	opened: OpenedBroker,
	topic: TopicLog,
	{ group }: GroupId,
	{ members, lanes }: GroupReport,
	lag: number,
): Promise<string[]> {
	const cursors = new Map(lanes.map(({ lane, cursor }) => [lane, cursor]));
	const diverged = await opened.ask((ctx) => topic.diverged(cursors, ctx));
	const start = `start the app that subscribes as ${group}`;
	const silent = members.length > 0 && members.every(isSilent);
	return [
		...(diverged.length > 0
			? [
					`the topic has other events than those that lane ${diverged.join(", ")} handled: it was restored from a backup, or is another log; put the group at a place: allium groups rewind ${topic.topic} ${group} --to <time>`,
				]
			: []),
		...(members.length === 0 && lag > 0 ? [`no process handles its events; ${start}`] : []),
		...(silent ? [`its processes have been silent for ${leastSilence(members)}; ${start}`] : []),
	];
}

/** Whether a member is gone by the server's clock. A member counts as live if the server does not tell. */
export function isSilent({ silentMs }: MemberReport): boolean {
	return silentMs !== undefined && silentMs >= silentAfterMs;
}

function leastSilence(members: readonly MemberReport[]): string {
	return formatAge(Math.min(...members.map(({ silentMs = 0 }) => silentMs)));
}
