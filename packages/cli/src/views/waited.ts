import { Context } from "@allium/core";
import { sleep } from "@allium/core/transport";
import { type ExitCode, exitCode } from "../command/exit-code.ts";
import { Interruption } from "../terminal/interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { OpenedViews } from "./opened-views.ts";
import { progressText } from "./progress.ts";
import { type ViewFacts, viewFacts, withTimeLeft } from "./view-facts.ts";

/** How often the builds are looked at, in milliseconds. */
const lookMs = 500;

/** How many builds are shown. */
const most = 2;

/** The number of looks over which the speed is measured. */
const looks = 10;

/**
 * Waits until no process works on an incomplete build of a view, and shows the progress meanwhile. Ctrl-C ends the
 * wait.
 */
export async function waited(
	opened: OpenedViews,
	name: string | undefined,
	terminal: Terminal,
): Promise<ExitCode> {
	const { ctx, cancel } = Context.background().withCancel();
	using interruption = new Interruption(cancel);
	const seen: { readonly at: number; readonly facts: readonly ViewFacts[] }[] = [];
	while (ctx.error === undefined) {
		const facts = await viewFacts(opened, name);
		const at = performance.now();
		const [before] = seen;
		const now = before === undefined ? facts : withTimeLeft(facts, before.facts, (at - before.at) / 1_000);
		const lines = now.flatMap(unfinished);
		if (lines.length === 0) break;
		const more = lines.length > most ? [`and ${lines.length - most} more`] : [];
		terminal.status([...lines.slice(0, most), ...more].join("  "));
		seen.push({ at, facts });
		if (seen.length > looks) seen.shift();
		await sleep(lookMs, ctx).catch(() => {});
	}
	terminal.status("");
	return interruption.code ?? exitCode.ok;
}

/** A text for each incomplete build. */
function unfinished({ name, version, builds }: ViewFacts): string[] {
	return builds
		.filter(({ state }) => state === "building")
		.map((facts) => {
			const [trouble] = facts.trouble;
			const why = trouble === undefined ? "" : ` (${trouble})`;
			return `${name}.${version} ${progressText(facts)}${why}`;
		});
}
