import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { withViews } from "./opened-views.ts";
import { versionFacts } from "./view-facts.ts";
import { buildNamed, readableView } from "./view-named.ts";

/** `allium views switch <view> <version> <build>` */
export const switchBuild: Run = (words, surroundings) =>
	withViews(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const view = await readableView(words, opened);
		const { name, version } = view;
		const build = buildNamed(view, words.arguments[2] ?? "");
		await opened.ask((ctx) => opened.store.switch({ name, version, build }, ctx));
		const { builds } = await versionFacts(opened, { ...view, live: build });
		const facts = builds.find(({ report }) => report.build === build);
		await terminal.print(
			words.has("json")
				? JSON.stringify({ name, version, live: build, before: view.live, lag: facts?.lag })
				: `Build ${build} of version ${version} of the view ${name} is read from now on.${catchingUp(facts?.lag)}`,
		);
		return exitCode.ok;
	});

/** A build that was not live may lag, because no process worked on it. */
function catchingUp(lag = 0): string {
	if (lag === 0) return "";
	const events = lag === 1 ? "1 event" : `${lag} events`;
	return ` It lacks ${events}, which it takes first where a process works on it; readers that have seen more change over then.`;
}
