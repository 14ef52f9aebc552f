import { Context } from "@allium/core";
import { sleep } from "@allium/core/transport";
import { type ExitCode, exitCode } from "../command/exit-code.ts";
import { Interruption } from "../terminal/interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { OpenedViews } from "./opened-views.ts";
import { progressText } from "./progress.ts";
import { SilentHolders } from "./silent-holders.ts";
import { type BuildFacts, type ViewFacts, viewFacts, withTimeLeft } from "./view-facts.ts";

/** How often the builds are looked at, in milliseconds. */
const lookMs = 500;

/** How many builds are shown. */
const most = 2;

/** The number of looks over which the speed is measured. */
const looks = 10;

/** How long it waits for a process that works on the builds, in milliseconds: one may be about to start. */
const patienceMs = 15_000;

/**
 * Waits until no build of a view is incomplete, and shows the progress meanwhile. Ctrl-C ends the wait. It fails when
 * no process works on any of them for 15 seconds. Each reason why a build does not go on is printed once.
 */
export async function waited(
	opened: OpenedViews,
	name: string | undefined,
	terminal: Terminal,
): Promise<ExitCode> {
	const { ctx, cancel } = Context.background().withCancel();
	using interruption = new Interruption(cancel);
	const holders = new SilentHolders();
	const told = new Set<string>();
	const seen: { readonly at: number; readonly facts: readonly ViewFacts[] }[] = [];
	while (ctx.error === undefined) {
		const facts = await viewFacts(opened, name, holders);
		const at = performance.now();
		const [before] = seen;
		const now = before === undefined ? facts : withTimeLeft(facts, before.facts, (at - before.at) / 1_000);
		const builds = now.flatMap(incomplete);
		if (builds.length === 0) break;
		for (const trouble of builds.flatMap(troubleOf)) {
			if (!told.has(trouble)) terminal.complain(trouble);
			told.add(trouble);
		}
		if (isAbandoned(builds)) {
			terminal.complain(`No process works on what is to be built: ${builds.map(text).join("; ")}`);
			return exitCode.failed;
		}
		const more = builds.length > most ? [`and ${builds.length - most} more`] : [];
		terminal.status([...builds.slice(0, most).map(text), ...more].join("  "));
		seen.push({ at, facts });
		if (seen.length > looks) seen.shift();
		await sleep(lookMs, ctx).catch(() => {});
	}
	terminal.status("");
	return interruption.code ?? exitCode.ok;
}

/** A build that lacks events, and its view. */
interface Incomplete {
	readonly name: string;
	readonly facts: BuildFacts;
}

function incomplete({ name, version, builds }: ViewFacts): Incomplete[] {
	return builds
		.filter(({ state }) => state === "building")
		.map((facts) => ({ name: `${name}.${version}`, facts }));
}

/** The sentence that tells why a build does not go on; none if it does. */
function troubleOf({ name, facts }: Incomplete): string[] {
	const { trouble } = facts.report;
	return trouble === undefined ? [] : [`${name} does not go on: ${trouble}`];
}

function isAbandoned(builds: readonly Incomplete[]): boolean {
	return builds.every(({ facts }) => facts.silentMs >= patienceMs);
}

function text({ name, facts }: Incomplete): string {
	const [trouble] = facts.trouble;
	const why = trouble === undefined ? "" : ` (${trouble})`;
	return `${name} ${progressText(facts)}${why}`;
}
