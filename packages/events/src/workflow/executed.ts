import type { AnyEvent, Context, Publish } from "@allium/core";
import type { Entry, Fact, StepKind } from "./journal-entry.ts";
import type { RecordedError } from "./recorded-error.ts";
import type { Run } from "./run.ts";

/** The code of a workflow, with any types. */
export type AnyCode = (data: unknown, run: Run) => unknown;

/** The code of a run and the facts that its execution needs. */
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

/** The steps that an execution has asked for so far. */
export interface Traced {
	/** In order, as text. */
	readonly trace: readonly string[];
	/** Whether the code has returned or thrown. */
	readonly hasEnded: boolean;
}

/** The means by which an execution goes on beyond its journal. */
export interface Live {
	/** Ends when the run belongs to this process no longer. */
	readonly ctx: Context;
	/**
	 * Adds to the journal. Returns the entries that came: these, or, if others have added to the journal meanwhile, only
	 * the entries of others.
	 */
	append(facts: readonly Fact[]): Promise<{ readonly isAdded: boolean; readonly entries: readonly Entry[] }>;
	/** The context of a step. Operations with it have ids that are derived from the run and the step. */
	contextOf(step: string, kind: StepKind): Context;
	readonly publish: Publish;
	/** Whether nothing new may begin, because the process stops. */
	readonly isStopping: () => boolean;
	/** The time in milliseconds: until then, waits are over. */
	readonly now: () => number;
	/** Called whenever the code has received all recorded results. Returns the fault of the code, if there is one. */
	readonly check: (execution: Traced) => Promise<RecordedError | undefined>;
}
