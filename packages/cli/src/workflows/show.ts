import type { Entry } from "@allium/events/journal";
import type { Run } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { withStore } from "../streams/opened-store.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { type FoundRun, foundRun } from "./found-run.ts";
import { plain } from "./list.ts";
import { errorText, obstacles } from "./run-text.ts";
import { shellWord } from "./shell-word.ts";

/** `allium workflows show <workflow> <key>` */
export const show: Run = (words, surroundings) =>
	withStore(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [workflow = "", key = ""] = words.arguments;
		const run = await foundRun(opened, workflow, key);
		if (words.has("json")) {
			const entries = run.journal.entries.map(({ fact, record: { time } }) => ({ time, ...fact }));
			await terminal.print(JSON.stringify({ ...plain(run), entries }, null, terminal.isInteractive ? 2 : 0));
		} else {
			await terminal.print(text(run, terminal.styles).join("\n"));
		}
		return exitCode.ok;
	});

function text(run: FoundRun, styles: Styles): string[] {
	const { workflow, key, journal, state } = run;
	const { bold, dim, red } = styles;
	const { status, parked, isCancelling } = state;
	const paint = parked === undefined ? (text: string) => text : red;
	const cancelling = isCancelling ? ", and was cancelled" : "";
	const restarts = journal.generation === 0 ? "" : `, restarted ${journal.generation} times`;
	return [
		`${bold(key)} of ${bold(workflow)}: ${paint(status)}${cancelling}; version ${journal.codeVersion}${restarts}`,
		...obstacles(state).map((obstacle) => `  ${paint(obstacle)}`),
		...(parked === undefined ? [] : [`  ${remedy(run)}`]),
		"",
		...columns([
			["VERSION", "TIME", "ENTRY", "STEP", "WHAT"].map(dim),
			...journal.entries.map((entry, index) => row(entry, firstVersion(run) + index, styles)),
		]),
	];
}

function remedy({ workflow, key, state }: FoundRun): string {
	const run = [workflow, key].map(shellWord).join(" ");
	const resume = `"allium workflows resume ${run}" lets it go on`;
	return state.isCancelling ? `${resume}.` : `${resume}, "allium workflows cancel ${run}" ends it.`;
}

/** The version of the stream with the first entry that is shown. */
function firstVersion({ journal }: FoundRun): number {
	return journal.version - journal.entries.length + 1;
}

function row({ fact, record }: Entry, version: number, { bold, dim }: Styles): string[] {
	const step = "step" in fact ? (fact.step ?? "") : "";
	return [dim(String(version)), dim(record.time), bold(fact.is), step, whatOf(fact)];
}

function whatOf(fact: Entry["fact"]): string {
	switch (fact.is) {
		case "started":
		case "received":
		case "restarted":
			return `${fact.event.type} ${JSON.stringify(fact.event.data) ?? ""}`;
		case "settled":
			if (fact.error !== undefined) return errorText(fact.error);
			return fact.took === undefined ? (JSON.stringify(fact.value) ?? "") : `the event ${fact.took}`;
		case "expecting":
			return fact.event;
		case "waiting": {
			const why = fact.error === undefined ? (fact.event ?? "") : errorText(fact.error);
			return `until ${fact.until} ${why}`.trimEnd();
		}
		case "parked":
			return errorText(fact.error);
		case "cancelled":
			return fact.reason ?? "";
		case "ended":
			return fact.cancelled === true ? "cancelled" : "";
		case "resumed":
			return "";
	}
}
