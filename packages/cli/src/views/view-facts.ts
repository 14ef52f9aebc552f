import { Context } from "@allium/core";
import type { Cursor } from "@allium/core/event";
import type { ViewBuildReport, ViewReport, ViewVersionId } from "@allium/core/store";
import { sleep } from "@allium/core/transport";
import type { Terminal } from "../terminal/terminal.ts";
import { formatAge } from "../text/duration.ts";
import type { OpenedViews } from "./opened-views.ts";
import { SilentHolders, silentAfterMs } from "./silent-holders.ts";
import type { TopicProgress } from "./view-topics.ts";

/** The state of a build. */
export type BuildState =
	/** Readers use it. */
	| "live"
	/** It has not had all events yet. */
	| "building"
	/** It is complete, and readers do not use it. */
	| "kept";

/** The facts about a build. An unknown number is missing. */
export interface BuildFacts {
	readonly report: ViewBuildReport;
	readonly state: BuildState;
	readonly topics: readonly TopicProgress[];
	/** How many events its topics keep. */
	readonly total?: number;
	/** How many of them it lacks. */
	readonly lag?: number;
	/** The age of the oldest event that it lacks, in seconds; 0 if it lacks none. */
	readonly lagSeconds?: number;
	/** How long it takes until it has all events, in seconds, at the measured speed. */
	readonly leftSeconds?: number;
	/** Whether it must receive all events. Builds before the live one need not, so no process works on them. */
	readonly isWanted: boolean;
	/** For how long nobody was seen to work on it, in milliseconds. */
	readonly silentMs: number;
	/** The reasons for which it makes no progress, with the remedy, one sentence each. */
	readonly trouble: readonly string[];
}

/** The facts about a version. */
export interface ViewFacts extends ViewVersionId {
	readonly kind: ViewReport["kind"];
	/** The app that projects it. Undefined while it is unknown. */
	readonly owner: string | undefined;
	readonly live: number | undefined;
	readonly builds: readonly BuildFacts[];
	/** Why the store cannot read the version. It has no builds then. */
	readonly fault?: string | undefined;
}

/** How long the speed of a build is measured, in milliseconds. */
const measuredMs = 500;

/** Reads the facts about all versions, or about those of one view. */
export async function viewFacts(
	opened: OpenedViews,
	name: string | undefined,
	holders: SilentHolders,
): Promise<ViewFacts[]> {
	const reports = await opened.ask((ctx) => opened.store.versions(ctx));
	const wanted = reports.filter((report) => name === undefined || report.name === name);
	return Promise.all(wanted.map((report) => versionFacts(opened, report, holders)));
}

/**
 * As {@link viewFacts}, with the remaining time of builds that are being made. Where the process that holds a build
 * does nothing, it waits until that is seen to live, or counts as killed.
 *
 * @param read reads the facts.
 */
export async function measuredFacts(
	read: (holders: SilentHolders) => Promise<ViewFacts[]>,
	terminal: Terminal,
): Promise<ViewFacts[]> {
	const holders = new SilentHolders();
	const isInDoubt = (views: readonly ViewFacts[]): boolean => views.some((view) => isDoubtful(view, holders));
	const first = await read(holders);
	if (!first.some(isBeingBuilt) && !isInDoubt(first)) return first;
	const since = performance.now();
	await sleep(measuredMs, Context.background());
	let now = await read(holders);
	while (isInDoubt(now)) {
		terminal.status("Waiting whether the processes that work on views are alive …");
		await sleep(measuredMs, Context.background());
		now = await read(holders);
	}
	return withTimeLeft(now, first, (performance.now() - since) / 1_000);
}

/** Whether the view has a build that must go on, and whose process may have been killed. */
function isDoubtful(view: ViewFacts, holders: SilentHolders): boolean {
	return view.builds.some(
		({ report, silentMs, isWanted, trouble }) =>
			isWanted && trouble.length === 0 && holders.isInDoubt(view, report, silentMs),
	);
}

/** Adds how long each build takes, from the state of all builds some seconds before. */
export function withTimeLeft(
	now: readonly ViewFacts[],
	before: readonly ViewFacts[],
	seconds: number,
): ViewFacts[] {
	return now.map((view) => {
		const earlier = before.find(({ name, version }) => name === view.name && version === view.version);
		const builds = view.builds.map((build) => {
			const { lag: then } = earlier?.builds.find(({ report }) => report.build === build.report.build) ?? {};
			if (build.state !== "building" || build.lag === undefined || then === undefined || then <= build.lag)
				return build;
			return { ...build, leftSeconds: (build.lag * seconds) / (then - build.lag) };
		});
		return { ...view, builds };
	});
}

/** Whether a process works on an incomplete build of it. */
export function isBeingBuilt({ builds }: ViewFacts): boolean {
	return builds.some(({ state, report }) => state === "building" && report.holder !== undefined);
}

/** Reads the facts about a version. */
export async function versionFacts(
	opened: OpenedViews,
	view: ViewReport,
	holders: SilentHolders = new SilentHolders(),
): Promise<ViewFacts> {
	const { name, version, kind, owner, live, fault } = view;
	// An old version has no list of its topics, but its places contain them.
	const topics = new Set([...view.topics, ...view.builds.flatMap(({ places }) => [...places.keys()])]);
	const builds = view.builds.map((report) =>
		buildFacts(opened, view, report, { topics, silentMs: holders.silence(view, report) }),
	);
	return { name, version, kind, owner, live, builds: await Promise.all(builds), fault };
}

async function buildFacts(
	opened: OpenedViews,
	view: ViewReport,
	report: ViewBuildReport,
	{ topics: names, silentMs }: { readonly topics: ReadonlySet<string>; readonly silentMs: number },
): Promise<BuildFacts> {
	const state = stateOf(view, report);
	const asked = Array.from(names, (name) =>
		opened.topics.progress(name, report.places.get(name) ?? new Map<number, Cursor>()),
	);
	const answers = await Promise.all(asked);
	const topics = answers.filter((answer) => typeof answer !== "string");
	const unknown = answers.filter((answer) => typeof answer === "string");
	const isKnown = topics.length > 0 && unknown.length === 0;
	const lag = sum(topics.map((topic) => topic.lag));
	const since = Math.min(...topics.map((topic) => topic.since ?? Number.POSITIVE_INFINITY));
	const lagSeconds = Number.isFinite(since) ? Math.max(0, Date.now() - since) / 1_000 : 0;
	const isWanted = state === "building" || (state === "live" && lag > 0);
	return {
		report,
		state,
		topics,
		silentMs,
		isWanted,
		...(isKnown && { total: sum(topics.map((topic) => topic.total)), lag, lagSeconds }),
		trouble: [...(isWanted ? troubleOf(view, report, silentMs) : ownTrouble(report)), ...unknown],
	};
}

function stateOf({ live }: ViewReport, { build, isBuilt }: ViewBuildReport): BuildState {
	if (build === live) return "live";
	return isBuilt ? "kept" : "building";
}

/** Why a build does not go on that has to. */
function troubleOf({ name, version }: ViewReport, report: ViewBuildReport, silentMs: number): string[] {
	const start = `start the app that projects version ${version} of ${name}`;
	if (report.holder === undefined) return [report.trouble ?? `no process works on it; ${start}`];
	if (silentMs < silentAfterMs) return ownTrouble(report);
	return [`the process that worked on it has been silent for ${formatAge(silentMs)}; ${start}`];
}

function ownTrouble({ trouble }: ViewBuildReport): string[] {
	return trouble === undefined ? [] : [trouble];
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((all, each) => all + each, 0);
}
