import { Context } from "@allium/core";
import type { ViewReport } from "@allium/core/store";
import { sleep } from "@allium/core/transport";
import type { Terminal } from "../terminal/terminal.ts";
import type { OpenedViews } from "./opened-views.ts";
import { SilentHolders } from "./silent-holders.ts";

/** How often the builds are looked at, in milliseconds. */
const lookMs = 500;

/**
 * The builds of a version that a process works on. Where one holds a build and does nothing, it waits until that is seen
 * to live, or counts as killed.
 */
export async function heldBuilds(
	{ ask, store }: OpenedViews,
	view: ViewReport,
	terminal: Terminal,
): Promise<readonly number[]> {
	const holders = new SilentHolders();
	for (;;) {
		const report = await ask((ctx) => store.report(view, ctx));
		const held = (report?.builds ?? []).filter(({ holder }) => holder !== undefined);
		const inDoubt = held.filter((build) => holders.isInDoubt(view, build, holders.silence(view, build)));
		if (inDoubt.length === 0)
			return held.filter((build) => holders.isAlive(view, build)).map(({ build }) => build);
		terminal.status("Waiting whether the processes that work on the view are alive …");
		await sleep(lookMs, Context.background());
	}
}
