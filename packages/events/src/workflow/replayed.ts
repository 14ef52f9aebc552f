import type { EventRecord } from "@allium/core/event";
import type { Executed } from "./executed.ts";
import { Execution } from "./execution.ts";
import { type Entry, entryOf } from "./journal-entry.ts";
import { isBeginning, stateOf } from "./journal-state.ts";
import { runIdOf } from "./run-id.ts";
import type { Workflow } from "./workflow.ts";

/** A journal, as `allium workflows export` writes it. */
export interface ExportedJournal {
	readonly workflow: string;
	readonly key: string;
	/** Its entries, in order. */
	readonly events: readonly EventRecord[];
}

/** The result of running the code against a journal. */
export type Replayed =
	| { readonly status: "ended" }
	/** The steps at which it stands. */
	| { readonly status: "waiting"; readonly steps: readonly string[] };

/**
 * Runs the code of a workflow against a journal, without doing anything. For tests: journals of runs in production
 * tell whether changed code can go on with them.
 *
 * @throws Error when the code cannot follow the journal; the message names the step.
 * @example
 * const journal = JSON.parse(await readFile("journals/transfer-t1.json", "utf8"));
 * await replayed(transfer, journal);
 */
export async function replayed(workflow: Workflow, journal: ExportedJournal): Promise<Replayed> {
	const { name, start, receives, codeOf } = workflow["~allium"];
	const where = `the journal of ${journal.key} of the workflow "${journal.workflow}"`;
	if (journal.workflow !== name) throw new Error(`${where} is not one of "${name}"`);
	const entries = sinceRestart(journal.events.map(entryOf));
	const begun = entries.find(({ fact }) => isBeginning(fact));
	if (begun === undefined) throw new Error(`${where} does not say how the run began`);
	const { code, isStrict } = codeOf(begun.record.version);
	const { key } = journal;
	const executed: Executed = { code, start, receives, isStrict, runId: runIdOf(name, key, begun), key };
	const outcome = await new Execution(executed, entries).run();
	const { status } = stateOf(entries);
	if (outcome.is === "parked") throw new Error(`${where} cannot be followed: ${outcome.error.message}`);
	if (outcome.is === "ended") return { status: "ended" };
	const steps = outcome.is === "blocked" ? outcome.steps : [];
	if (status === "ended") {
		throw new Error(
			`${where} has ended, but the code goes on with ${steps.map((step) => `"${step}"`).join(", ")}`,
		);
	}
	return { status: "waiting", steps };
}

function sinceRestart(entries: readonly Entry[]): readonly Entry[] {
	const restart = entries.findLastIndex(({ fact: { is } }) => is === "restarted");
	return restart < 0 ? entries : entries.slice(restart);
}
