import type { RunState } from "@allium/events/journal";
import type { Run, Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { numberOption } from "../command/option-values.ts";
import { type OpenedStore, withStore } from "../streams/opened-store.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { type FoundRun, type ListedRun, listedRuns, noRuns, unknownRun, workflowNames } from "./found-run.ts";
import { obstacles } from "./run-text.ts";
import { shellWord } from "./shell-word.ts";
import { statuses, unreadable } from "./statuses.ts";

/** The most runs to list at once. */
const mostRuns = 10_000;

/** `allium workflows list [workflow]` */
export const list: Run = (words, surroundings) => {
	const limit = numberOption(words, "limit", "whole", mostRuns) ?? 100;
	const status = statusOf(words);
	const after = words.value("after");
	return withStore(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [workflow] = words.arguments;
		const { runs, next } = await some(opened, { workflow, status, limit, after });
		if (runs.length === 0 && workflow !== undefined && !(await workflowNames(opened)).includes(workflow)) {
			throw await unknownRun(opened, workflow);
		}
		if (words.has("json")) {
			await terminal.print(JSON.stringify(runs.map(plainListed), null, terminal.isInteractive ? 2 : 0));
		} else if (runs.length === 0) {
			await terminal.print(status === undefined ? noRuns(opened.url) : noneOf(status, opened.url, workflow));
		} else {
			await terminal.print(table(runs, terminal.styles).join("\n"));
			if (next !== undefined) await terminal.print(terminal.styles.dim(moreText(next)));
		}
		return exitCode.ok;
	});
};

function moreText(next: string): string {
	return `There are more: --after ${shellWord(next)} goes on there, and --limit shows up to ${mostRuns}.`;
}

function statusOf(words: Words): string | undefined {
	const status = words.value("status");
	if (status === undefined || statuses.includes(status)) return status;
	throw usageError(`A run is never ${JSON.stringify(status)}.`, [`--status takes ${statuses.join(", ")}.`]);
}

/** The filter of the list. */
interface Wanted {
	readonly workflow: string | undefined;
	readonly status: string | undefined;
	readonly limit: number;
	readonly after: string | undefined;
}

/** @returns `next`: the place at which to continue, if there are more. */
async function some(
	opened: OpenedStore,
	{ workflow, status, limit, after }: Wanted,
): Promise<{ readonly runs: readonly ListedRun[]; readonly next: string | undefined }> {
	const runs: ListedRun[] = [];
	for await (const listed of listedRuns(opened, workflow, after)) {
		if (status !== undefined && statusText(listed) !== status) continue;
		if (runs.length === limit) return { runs, next: runs.at(-1)?.place };
		runs.push(listed);
	}
	return { runs, next: undefined };
}

function statusText({ run }: ListedRun): string {
	return "fault" in run ? unreadable : run.state.status;
}

function noneOf(status: string, url: string, workflow: string | undefined): string {
	const which = workflow === undefined ? "No run of a workflow" : `No run of the workflow ${workflow}`;
	return `${which} in ${url} is ${status}.`;
}

/** A run for programs. */
export function plain({ workflow, key, journal, state }: FoundRun): object {
	const begun = journal.beginning?.record.time;
	const changed = journal.entries.at(-1)?.record.time;
	return plainRun(workflow, key, { state, version: journal.codeVersion, begun, changed });
}

function plainListed({ workflow, key, run }: ListedRun): object {
	if ("fault" in run) return { workflow, key, status: unreadable, error: run.fault };
	return plainRun(workflow, key, run);
}

function plainRun(
	workflow: string,
	key: string,
	{
		state: { status, parked, waits, isCancelling },
		version,
		begun,
		changed,
	}: {
		readonly state: RunState;
		readonly version: number;
		readonly begun: string | undefined;
		readonly changed: string | undefined;
	},
): object {
	return {
		workflow,
		key,
		status,
		version,
		...(begun !== undefined && { begun }),
		changed,
		...(parked !== undefined && { parked: { step: parked.step, error: parked.error } }),
		waits: waits.map(({ is: _, ...wait }) => wait),
		...(isCancelling && { cancelling: true }),
	};
}

function table(runs: readonly ListedRun[], styles: Styles): string[] {
	const { dim } = styles;
	const rows = runs.flatMap((listed) => rowsOf(listed, styles));
	return columns([["WORKFLOW", "KEY", "STATUS", "CHANGED", "WAITS FOR"].map(dim), ...rows]);
}

function rowsOf({ workflow, key, run }: ListedRun, { bold, red }: Styles): string[][] {
	if ("fault" in run) return [[workflow, bold(key), red(unreadable), "", red(run.fault)]];
	const { state, changed = "" } = run;
	const paint = state.parked === undefined ? (text: string) => text : red;
	const [first = "", ...more] = obstacles(state);
	const status = state.isCancelling ? `${state.status}, cancelling` : state.status;
	const age = `${formatAge(Date.now() - Date.parse(changed))} ago`;
	return [
		[workflow, bold(key), paint(status), age, paint(first)],
		...more.map((obstacle) => ["", "", "", "", obstacle]),
	];
}
