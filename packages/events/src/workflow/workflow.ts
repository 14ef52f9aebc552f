import type { AnyEvent, EventData } from "@allium/core";
import { checkedWorkflow } from "./checked-workflow.ts";
import type { AnyCode } from "./executed.ts";
import type { Run } from "./run.ts";
import type { RunsHost } from "./run-executor.ts";
import { type WorkflowRuns, workflowRuns } from "./runs.ts";
import type { AnyOptions, WorkflowFacts } from "./workflow-facts.ts";

/** An event of a contract that can start runs. */
export type StartEvent = AnyEvent & ((data: never) => unknown);

/** The data from which an event is made. */
type Given<E> = E extends (data: infer Data) => unknown ? Data : never;

/** The code of a workflow. */
export type WorkflowCode<E extends StartEvent, R extends readonly AnyEvent[]> = (
	data: EventData<E>,
	run: Run<R[number], Given<E>>,
) => Promise<void> | void;

/** The options of a workflow. */
export interface WorkflowOptions<E extends StartEvent, R extends readonly AnyEvent[]> {
	/** The events that `run.receive` can wait for; each has a key. Default: none. */
	readonly receives?: R;
	/** The version of the code: 1, 2, 3 and so on. Default: 1. */
	readonly version?: number;
	/**
	 * The code of earlier versions, for the runs that they began: `{ 1: transferOfOld }`. A run of a version that is not
	 * here goes on with the code of today, which then may have other steps.
	 */
	readonly versions?: Readonly<Record<number, WorkflowCode<E, R>>>;
}

/** The facts of a workflow, and its runs. */
export interface WorkflowInfo extends WorkflowFacts {
	/** Prepares the groups that work on its runs. */
	runs(host: RunsHost): WorkflowRuns;
}

/** An async function whose steps are kept in a journal, so that it goes on after crashes, deploys and long waits. */
export interface Workflow {
	readonly "~allium": WorkflowInfo;
}

/**
 * Makes a workflow. Each event of the type `start` begins a run, one for each key: an event whose key has a run already
 * begins no other.
 *
 * @param name letters, digits, "-", "_" and inner "."; the journals carry it.
 * @throws TypeError for a name, a version or an event that cannot be used.
 * @example
 * const transfer = workflow("transfer", Transfers.requested, async ({ id, from, to, amount }, run) => {
 *   await run.call(accounts.withdraw, { account: from, amount });
 *   await run.call(accounts.deposit, { account: to, amount });
 *   await run.publish(Transfers.completed({ id }));
 * });
 * app.orchestrate(transfer);
 */
export function workflow<E extends StartEvent, const R extends readonly AnyEvent[] = readonly []>(
	name: string,
	start: E,
	code: WorkflowCode<E, R>,
	options: WorkflowOptions<E, R> = {},
): Workflow {
	const facts = checkedWorkflow(name, start, code as AnyCode, options as AnyOptions);
	return { "~allium": { ...facts, runs: (host) => workflowRuns(facts, host) } };
}
