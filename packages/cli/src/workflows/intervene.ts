import { type Fact, stateOf } from "@allium/events/journal";
import type { Run, Surroundings, Words } from "../command/command.ts";
import { CommandError } from "../command/command-error.ts";
import { confirmed } from "../command/confirmed.ts";
import { type ExitCode, exitCode } from "../command/exit-code.ts";
import { type OpenedStore, withStore } from "../streams/opened-store.ts";
import { type FoundRun, foundRun } from "./found-run.ts";
import { obstacles } from "./run-text.ts";

/** How often the command retries if the run writes to its journal at the same time. */
const mostConflicts = 20;

/** `allium workflows cancel <workflow> <key>` */
export const cancel: Run = (words, surroundings) => {
	const reason = words.value("reason");
	const fact: Fact = { is: "cancelled", ...(reason !== undefined && { reason }) };
	return intervene(words, surroundings, {
		fact,
		checked: checkCancelled,
		question: (run) => `${named(run)}, which is ${run.state.status}, would be cancelled.`,
		done: "cancelled",
	});
};

/** `allium workflows resume <workflow> <key>` */
export const resume: Run = (words, surroundings) =>
	intervene(words, surroundings, { fact: { is: "resumed" }, checked: checkParked, done: "resumed" });

/** An intervention in a run. */
interface Intervention {
	readonly fact: Fact;
	/** @throws CommandError if the state of the run does not allow it. */
	readonly checked: (run: FoundRun) => void;
	/** The question before it. Without one, it is done at once. */
	readonly question?: (run: FoundRun) => string;
	readonly done: string;
}

async function intervene(
	words: Words,
	surroundings: Surroundings,
	{ fact, checked, question, done }: Intervention,
): Promise<ExitCode> {
	return withStore(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [workflow = "", key = ""] = words.arguments;
		const run = await foundRun(opened, workflow, key);
		checked(run);
		if (question !== undefined && !(await confirmed(question(run), words, surroundings))) {
			return exitCode.failed;
		}
		await add(opened, run, fact, checked);
		await terminal.print(
			words.has("json")
				? JSON.stringify({ workflow, key, [done]: true })
				: `${named(run)} is ${done}. A process that runs the workflow goes on with it now; without one, the next does that starts.`,
		);
		return exitCode.ok;
	});
}

/** Writes to the journal of a run, which may go on meanwhile. */
async function add(
	{ ask, url }: OpenedStore,
	run: FoundRun,
	fact: Fact,
	checked: (run: FoundRun) => void,
): Promise<void> {
	const { journal } = run;
	for (let conflicts = 0; conflicts < mostConflicts; conflicts++) {
		const added = await ask((ctx) => journal.append([fact], journal.codeVersion, ctx));
		if (added !== undefined) return;
		await ask((ctx) => journal.readOn(ctx));
		checked({ ...run, state: stateOf(journal.entries) });
	}
	throw new CommandError(`${named(run)} writes to its journal in ${url} all the time.`, exitCode.failed, {
		code: "aborted",
		hints: ["Try it again."],
	});
}

function checkCancelled(run: FoundRun): void {
	checkNotOver(run, "cancelled");
	if (!run.state.isCancelling) return;
	const isParked = run.state.parked !== undefined;
	throw refused(
		`${named(run)} was cancelled already.`,
		isParked
			? [
					"What it does thereupon is parked; allium workflows resume lets that go on.",
					...obstacles(run.state),
				]
			: obstacles(run.state),
	);
}

function checkParked(run: FoundRun): void {
	checkNotOver(run, "resumed");
	if (run.state.parked !== undefined) return;
	throw refused(`${named(run)} is not parked: it is ${run.state.status}.`, obstacles(run.state));
}

function checkNotOver(run: FoundRun, done: string): void {
	const { status } = run.state;
	if (status === "ended") throw refused(`${named(run)} has ended, and cannot be ${done}.`);
	if (status === "cancelled") throw refused(`${named(run)} was cancelled and has ended.`);
	if (status !== "not started") return;
	throw refused(`${named(run)} has not begun: there are only events that it may receive.`);
}

function refused(sentence: string, hints: readonly string[] = []): CommandError {
	return new CommandError(sentence, exitCode.failed, { code: "failed_precondition", hints });
}

function named({ workflow, key }: FoundRun): string {
	return `The run ${key} of ${workflow}`;
}
