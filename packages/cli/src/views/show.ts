import type { ParkedKey } from "@allium/core/store";
import { positionText } from "../broker/position.ts";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { numberOption } from "../command/option-values.ts";
import { shown } from "../groups/list.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { behindText, plain } from "./list.ts";
import { withViews } from "./opened-views.ts";
import { progressText } from "./progress.ts";
import type { SilentHolders } from "./silent-holders.ts";
import { type BuildFacts, measuredFacts, type ViewFacts, versionFacts } from "./view-facts.ts";
import { readableView } from "./view-named.ts";

/** The most parked keys to show of a build. */
const mostKeys = 1_000;

/** Some parked keys of a build, and whether there are more. */
interface ParkedOfBuild {
	readonly build: number;
	readonly keys: readonly ParkedKey[];
	readonly hasMore: boolean;
}

/** `allium views show <view> [version]` */
export const show: Run = (words, surroundings) => {
	const limit = numberOption(words, "limit", "whole", mostKeys) ?? 20;
	return withViews(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const report = await readableView(words, opened);
		const read = async (holders: SilentHolders): Promise<ViewFacts[]> => {
			const now = (await opened.ask((ctx) => opened.store.report(report, ctx))) ?? report;
			return [await versionFacts(opened, now, holders)];
		};
		const [view = await versionFacts(opened, report)] = await measuredFacts(read, terminal);
		const parked: ParkedOfBuild[] = [];
		for (const { build } of report.builds.filter((each) => each.parked > 0)) {
			const { store } = opened;
			const slice = await opened.ask((ctx) => store.build({ ...report, build }).parked({ limit }, ctx));
			parked.push({ build, keys: slice.items, hasMore: slice.next !== undefined });
		}
		await terminal.print(
			words.has("json")
				? JSON.stringify(
						{ ...plain(view), parkedKeys: parked.map(plainParked) },
						null,
						terminal.isInteractive ? 2 : 0,
					)
				: text(view, parked, terminal.styles).join("\n"),
		);
		return exitCode.ok;
	});
};

function plainParked({ build, keys, hasMore }: ParkedOfBuild): object {
	return {
		build,
		keys: keys.map(({ key, topic, eventId, error, since, due, ...place }) => ({
			key,
			topic,
			position: positionText(place),
			eventId,
			error,
			since: new Date(since).toISOString(),
			due,
		})),
		hasMore,
	};
}

function text(view: ViewFacts, parked: readonly ParkedOfBuild[], styles: Styles): string[] {
	const { bold } = styles;
	const kind = view.kind === "sql" ? "tables" : "documents";
	const read = view.live === undefined ? "none is built yet" : `build ${view.live} is read`;
	const by = view.owner === undefined ? "" : `, projected by ${view.owner}`;
	return [
		`Version ${view.version} of ${bold(view.name)}: ${kind}${by}, ${read}`,
		...view.builds.flatMap((build) => ["", ...buildText(build, styles)]),
		...parked.flatMap((each) => ["", ...parkedText(each, styles)]),
	];
}

function buildText(build: BuildFacts, { bold, dim, red }: Styles): string[] {
	const { report, state, topics, trouble } = build;
	const { holder = "nobody", epoch, createdAt } = report;
	const rows = topics.map(({ topic, total, lag }) => [topic, String(total), String(lag)]);
	return [
		`${bold(`Build ${report.build}`)}: ${state}, ${progressText(build)}, lag ${shown(build.lag)}, behind ${behindText(build)}, parked ${report.parked}`,
		`begun ${formatAge(Date.now() - createdAt)} ago, held by ${holder}, epoch ${epoch}`,
		...trouble.map(red),
		...(rows.length === 0 ? [] : columns([["TOPIC", "EVENTS", "LAG"].map(dim), ...rows])),
	];
}

function parkedText({ build, keys, hasMore }: ParkedOfBuild, { bold, dim, red }: Styles): string[] {
	const rows = keys.map(({ key, topic, eventId, error, since, due }) => [
		key,
		topic,
		eventId,
		`${formatAge(Date.now() - since)} ago`,
		due ? "yes" : "no",
		red(`${error.reason === undefined ? error.code : `${error.code} (${error.reason})`}: ${error.message}`),
	]);
	return [
		`${bold("Parked")} in build ${build}`,
		...columns([["KEY", "TOPIC", "EVENT", "SINCE", "TO BE RETRIED", "ERROR"].map(dim), ...rows]),
		...(hasMore ? [dim(`There are more; --limit shows up to ${mostKeys}.`)] : []),
	];
}
