import type { ViewReport } from "@allium/core/store";
import type { Run } from "../command/command.ts";
import { CommandError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { heldBuilds } from "./held-builds.ts";
import { withViews } from "./opened-views.ts";
import { buildNamed, viewNamed } from "./view-named.ts";

/** `allium views drop <view> <version> [build]` */
export const drop: Run = (words, surroundings) =>
	withViews(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const view = await viewNamed(words, opened);
		const { name, version } = view;
		const [, , text] = words.arguments;
		const build = text === undefined ? undefined : buildNamed(view, text);
		const what = `${build === undefined ? "Version" : `Build ${build} of version`} ${version} of the view ${name}`;
		if (!words.has("force")) {
			const held = view.fault === undefined ? await heldBuilds(opened, view, terminal) : [];
			checkUnused(view, build, held, what);
		}
		const id = { name, version, ...(build !== undefined && { build }) };
		const dropped = await opened.ask((ctx) => opened.store.drop(id, ctx));
		await terminal.print(
			words.has("json")
				? JSON.stringify({ ...id, dropped })
				: `${what} is ${dropped ? "dropped" : "gone already"}. Its events stay: an app that projects the version builds it again.`,
		);
		return exitCode.ok;
	});

/** @throws CommandError for a build that is live, or that a process works on, and for a version that cannot be read. */
function checkUnused(
	{ live, builds, fault }: ViewReport,
	wanted: number | undefined,
	held: readonly number[],
	what: string,
): void {
	const meant = builds.filter(({ build }) => wanted === undefined || build === wanted);
	const isRead = meant.some(({ build }) => build === live);
	const isHeld = meant.some(({ build }) => held.includes(build));
	if (!isRead && !isHeld && fault === undefined) return;
	const why = [
		...(isRead ? ["is read"] : []),
		...(isHeld ? ["has a process that works on it"] : []),
		...(fault === undefined ? [] : [`may be used, for it cannot be read: ${fault}`]),
	];
	throw new CommandError(`${what} ${why.join(", and ")}.`, exitCode.failed, {
		code: "failed_precondition",
		hints: ["If that is meant, say it again with --force."],
	});
}
