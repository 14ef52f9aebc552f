import type { Context } from "../../context/context.ts";
import type { ConsumerReport } from "../broker.ts";
import type { GroupReport, GroupStore } from "../group-state.ts";
import type { Cursor, TopicLog } from "../log.ts";
import { attempt } from "./attempt.ts";
import type { Lane } from "./lane.ts";
import { oldestRetried } from "./oldest-retried.ts";

/** The sources of a group's report. */
export interface GroupReportSources {
	readonly topic: TopicLog;
	readonly store: GroupStore;
	/** The lanes that this process holds. It knows more about these than the group's state. */
	readonly lanes: readonly Lane[];
	/** How long a backend may take for an answer. */
	readonly patienceMs: number;
	readonly ctx: Context;
}

/** The numbers of a group that its backends report. */
export type GroupNumbers = Pick<ConsumerReport, "lag" | "lagSeconds" | "retrying" | "parked" | "delayed">;

/** The numbers of a group that are known now. A number is missing if its backend does not answer. Never rejects. */
export async function groupReport(sources: GroupReportSources): Promise<GroupNumbers> {
	const { store, patienceMs, ctx } = sources;
	const [report, counts] = await Promise.allSettled([
		attempt(patienceMs, ctx, (ctx) => store.report(ctx)),
		attempt(patienceMs, ctx, (ctx) => store.counts(ctx)),
	]);
	if (report.status === "rejected" || counts.status === "rejected" || report.value === undefined) return {};
	try {
		return { ...counts.value, ...(await lag(sources, report.value, counts.value.retrying)) };
	} catch {
		return counts.value;
	}
}

/** Counts the events behind the cursors without those settled ahead, and adds the events that are tried again. */
async function lag(
	{ topic, lanes, patienceMs, ctx }: GroupReportSources,
	report: GroupReport,
	retrying: number,
): Promise<GroupNumbers> {
	const cursors = new Map<number, Cursor>(report.lanes.map(({ lane, cursor }) => [lane, cursor]));
	for (const { number, window } of lanes) cursors.set(number, window.cursor);
	const deferred = new Map(lanes.map(({ number, deferrals }) => [number, deferrals.all()]));
	const [behind, retried] = await attempt(patienceMs, ctx, (ctx) =>
		Promise.all([topic.behind(cursors, ctx), oldestRetried(topic, deferred, ctx)]),
	);
	let events = retrying;
	let since = retried ?? Number.POSITIVE_INFINITY;
	for (const each of behind.values()) {
		events += each.events;
		since = Math.min(since, each.since ?? since);
	}
	for (const { window } of lanes) events -= window.ahead().length;
	const seconds = since === Number.POSITIVE_INFINITY ? 0 : Math.max(0, Date.now() - since) / 1_000;
	return { lag: Math.max(0, events), lagSeconds: seconds };
}
