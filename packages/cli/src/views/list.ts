import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { shown } from "../groups/list.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { withViews } from "./opened-views.ts";
import { progressText } from "./progress.ts";
import { type BuildFacts, measuredFacts, type ViewFacts, viewFacts } from "./view-facts.ts";
import { noViews, unknownView } from "./view-named.ts";
import { waited } from "./waited.ts";

/** `allium views list [view]` */
export const list: Run = (words, surroundings) =>
	withViews(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [name] = words.arguments;
		const code = words.has("wait") ? await waited(opened, name, terminal) : exitCode.ok;
		const facts = await measuredFacts((holders) => viewFacts(opened, name, holders), terminal);
		if (name !== undefined && facts.length === 0) {
			throw unknownView(opened, name, await opened.ask((ctx) => opened.store.versions(ctx)));
		}
		if (words.has("json")) {
			await terminal.print(JSON.stringify(facts.map(plain), null, terminal.isInteractive ? 2 : 0));
		} else if (facts.length === 0) {
			await terminal.print(noViews(opened.url));
		} else {
			await terminal.print(table(facts, terminal.styles).join("\n"));
		}
		return code;
	});

/** A version for programs. */
export function plain({ builds, ...view }: ViewFacts): object {
	return {
		...view,
		builds: builds.map(({ report, state, total, lag, lagSeconds, leftSeconds, trouble, topics }) => ({
			build: report.build,
			createdAt: new Date(report.createdAt).toISOString(),
			holder: report.holder,
			state,
			total,
			lag,
			lagSeconds,
			leftSeconds,
			trouble,
			parked: report.parked,
			topics: topics.map(({ topic, total, lag }) => ({ topic, total, lag })),
		})),
	};
}

/** A line for each build, and below it one for each of its problems. */
function table(facts: readonly ViewFacts[], { bold, dim, red }: Styles): string[] {
	const titles = ["VIEW", "VERSION", "BUILD", "STATE", "PROGRESS", "LAG", "BEHIND", "PARKED"];
	const all = facts.flatMap((view) => view.builds.map((build) => ({ view, build })));
	const [title = "", ...lines] = columns([
		titles.map(dim),
		...all.map(({ view, build }) => {
			const { report, state, lag } = build;
			return [
				bold(view.name),
				String(view.version),
				String(report.build),
				state === "live" ? bold(state) : state,
				progressText(build),
				shown(lag),
				behindText(build),
				report.parked === 0 ? "0" : red(String(report.parked)),
			];
		}),
	]);
	return [
		title,
		...all.flatMap(({ build }, index) => [
			lines[index] ?? "",
			...build.trouble.map((sentence) => `  ${red(sentence)}`),
		]),
		...facts.flatMap(({ name, version, fault }) =>
			fault === undefined ? [] : [`${bold(name)}  ${version}  ${red(fault)}`],
		),
	];
}

/** The age of the oldest event that a build lacks. */
export function behindText({ lagSeconds }: BuildFacts): string {
	return lagSeconds === undefined ? "?" : formatAge(lagSeconds * 1_000);
}
