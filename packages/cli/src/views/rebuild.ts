import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { heldBuilds } from "./held-builds.ts";
import { withViews } from "./opened-views.ts";
import { readableView } from "./view-named.ts";
import { waited } from "./waited.ts";

/** `allium views rebuild <view> [version]` */
export const rebuild: Run = (words, surroundings) =>
	withViews(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const view = await readableView(words, opened);
		const { name, version, live } = view;
		const build = await opened.ask((ctx) => opened.store.rebuild({ name, version }, ctx));
		const what = `Build ${build} of version ${version} of the view ${name}`;
		const beside = live === undefined ? "" : ` Build ${live} is read until then.`;
		// It takes seconds to see whether a process is alive. The JSON does not say it, so it does not wait for it.
		const isTold = words.has("wait") || !words.has("json");
		const isHeld = !isTold || (await heldBuilds(opened, view, terminal)).length > 0;
		const who = isHeld ? "" : " No process works on the view: start the app that projects it.";
		if (words.has("wait")) {
			terminal.complain(`${what} is being built.${beside}${who}`);
			const code = await waited(opened, name, terminal);
			if (code !== exitCode.ok) return code;
		}
		const report = await opened.ask((ctx) => opened.store.report({ name, version }, ctx));
		const isLive = report?.live === build;
		const done = isLive
			? `${what} is built, and read from now on.`
			: `${what} is to be built.${beside}${who}`;
		await terminal.print(
			words.has("json") ? JSON.stringify({ name, version, build, live: report?.live }) : done,
		);
		return exitCode.ok;
	});
