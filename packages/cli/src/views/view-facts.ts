import { Context } from "@allium/core";
import type { Cursor } from "@allium/core/event";
import type { ViewBuildReport, ViewReport, ViewVersionId } from "@allium/core/store";
import { sleep } from "@allium/core/transport";
import type { OpenedViews } from "./opened-views.ts";
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
}

/** How long the speed of a build is measured, in milliseconds. */
const measuredMs = 500;

/** Reads the facts about all versions, or about those of one view. */
export async function viewFacts(opened: OpenedViews, name?: string): Promise<ViewFacts[]> {
	const reports = await opened.ask((ctx) => opened.store.versions(ctx));
	const wanted = reports.filter((report) => name === undefined || report.name === name);
	return Promise.all(wanted.map((report) => versionFacts(opened, report)));
}

/** As {@link viewFacts}, with the remaining time of builds that are being made. */
export async function measuredFacts(opened: OpenedViews, name?: string): Promise<ViewFacts[]> {
	const first = await viewFacts(opened, name);
	if (!first.some(isBeingBuilt)) return first;
	const since = performance.now();
	await sleep(measuredMs, Context.background());
	return withTimeLeft(await viewFacts(opened, name), first, (performance.now() - since) / 1_000);
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
export async function versionFacts(opened: OpenedViews, view: ViewReport): Promise<ViewFacts> {
	const { name, version, kind, owner, live } = view;
	// An old version has no list of its topics, but its places contain them.
	const topics = new Set([...view.topics, ...view.builds.flatMap(({ places }) => [...places.keys()])]);
	const builds = view.builds.map((report) => buildFacts(opened, view, report, topics));
	return { name, version, kind, owner, live, builds: await Promise.all(builds) };
}

async function buildFacts(
	opened: OpenedViews,
	view: ViewReport,
	report: ViewBuildReport,
	names: ReadonlySet<string>,
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
	return {
		report,
		state,
		topics,
		...(isKnown && { total: sum(topics.map((topic) => topic.total)), lag, lagSeconds }),
		trouble: [...troubleOf(view, report, state, lag), ...unknown],
	};
}

function stateOf({ live }: ViewReport, { build, isBuilt }: ViewBuildReport): BuildState {
	if (build === live) return "live";
	return isBuilt ? "kept" : "building";
}

/** No process works on builds before the live one, and none has to. */
function troubleOf(view: ViewReport, report: ViewBuildReport, state: BuildState, lag: number): string[] {
	if (report.trouble !== undefined) return [report.trouble];
	const isWanted = state === "building" || (state === "live" && lag > 0);
	if (!isWanted || report.holder !== undefined) return [];
	return [`no process works on it; start the app that projects version ${view.version} of ${view.name}`];
}

function sum(numbers: readonly number[]): number {
	return numbers.reduce((all, each) => all + each, 0);
}
