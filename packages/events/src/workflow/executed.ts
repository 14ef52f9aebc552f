import type { AnyEvent, Context, Publish } from "@allium/core";
import type { Entry, Fact, StepKind } from "./journal-entry.ts";
import type { RecordedError } from "./recorded-error.ts";
import type { Run } from "./run.ts";

/** The code of a workflow, whatever its types. */
export type AnyCode = (data: unknown, run: Run) => unknown;

/** What is run. */
export interface Executed {
	readonly code: AnyCode;
	readonly start: AnyEvent;
	/** The events that it can receive, by type. */
	readonly receives: ReadonlyMap<string, AnyEvent>;
	/** Whether the journal was written by this very version of the code, which can therefore follow it to the letter. */
	readonly isStrict: boolean;
	readonly runId: string;
	readonly key: string;
}

/** What an execution has asked for so far. */
export interface Traced {
	/** In order, as text. */
	readonly trace: readonly string[];
	/** Whether the code has returned or thrown. */
	readonly hasEnded: boolean;
}

/** What an execution can do beyond its journal. */
export interface Live {
	/** Ends when the run belongs to this process no longer. */
	readonly ctx: Context;
	/**
	 * Adds to the journal. Returns the entries that came: these, or, when the journal had others meanwhile, only those
	 * of others.
	 */
	append(facts: readonly Fact[]): Promise<{ readonly isAdded: boolean; readonly entries: readonly Entry[] }>;
	/** The context of a step. What is done with it has ids that follow from the run and the step. */
	contextOf(step: string, kind: StepKind): Context;
	readonly publish: Publish;
	/** Whether nothing new is to be begun, because the process stops. */
	readonly isStopping: () => boolean;
	/** The time in milliseconds: until then, waits are over. */
	readonly now: () => number;
	/** Called whenever the code has got all that is recorded. Returns why the code is at fault. */
	readonly check: (execution: Traced) => Promise<RecordedError | undefined>;
}
