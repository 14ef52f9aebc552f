import { Context, type EventValue } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import type { Workflow } from "@allium/events";
import {
	type Fact,
	Journal,
	journalContract,
	type RunState,
	stateOf,
	streamOf,
} from "@allium/events/journal";
import { expect } from "vitest";
import { BackendLab } from "../suite/backend-lab.ts";
import { timesFrom } from "../times-from.ts";
import { publisherOf, WorkflowProcess, type WorkflowProcessOptions } from "./workflow-process.ts";
import type { WorkflowSetup } from "./workflow-setup.ts";

/** The root of all contexts of the suite. */
export const background: Context = Context.background();

/** The event store of one test, and the processes on it. */
export class WorkflowLab extends BackendLab<EventStore, WorkflowSetup> {
	/** How many runs sleep at once: `ALLIUM_RUNS` asks for more. */
	get many(): number {
		return timesFrom("ALLIUM_RUNS", this.setup.many ?? 1_000);
	}

	/** Begins a process that works on the runs of a workflow, on an open store. */
	async process(
		workflow: Workflow,
		store: EventStore,
		options: WorkflowProcessOptions = {},
	): Promise<WorkflowProcess> {
		return this.closing(await WorkflowProcess.begin(workflow, store, options));
	}

	/** Waits until a run has the expected status. Each look reads only the new entries, because a journal can be long. */
	async until(store: EventStore, workflow: Workflow, key: string, status: RunState["status"]): Promise<void> {
		let journal: Journal | undefined;
		await this.eventually(async () => {
			journal ??= await journalOf(store, workflow, key);
			await journal.readOn(background);
			expectStatusIn(journal, status);
		}, 10);
	}

	/** Fails unless a run has the expected status now. */
	async expectStatus(
		store: EventStore,
		workflow: Workflow,
		key: string,
		status: RunState["status"],
	): Promise<void> {
		expectStatusIn(await journalOf(store, workflow, key), status);
	}
}

/** Publishes an event to the log of a store. */
export async function publish(store: EventStore, event: EventValue): Promise<void> {
	await publisherOf(store)(event, background);
}

/** The journal of a run. */
export async function journalOf(store: EventStore, workflow: Workflow, key: string): Promise<Journal> {
	const { name, version } = workflow["~allium"];
	const stream = await streamOf(name, key);
	const facts = { workflow: name, key, stream, contract: journalContract(name, version), source: "suite" };
	return Journal.load(facts, store, background);
}

/** The facts in the journal of a run. */
export async function factsOf(store: EventStore, workflow: Workflow, key: string): Promise<readonly Fact[]> {
	return (await journalOf(store, workflow, key)).entries.map(({ fact }) => fact);
}

/** The steps of a run that have results, in order. */
export async function settledOf(
	store: EventStore,
	workflow: Workflow,
	key: string,
): Promise<readonly string[]> {
	const facts = await factsOf(store, workflow, key);
	return facts.flatMap((fact) => (fact.is === "settled" ? [fact.step] : []));
}

/** Appends a fact to the journal of a run from outside the run. */
export async function addTo(store: EventStore, workflow: Workflow, key: string, fact: Fact): Promise<void> {
	for (;;) {
		const journal = await journalOf(store, workflow, key);
		const added = await journal.append([fact], journal.codeVersion, background);
		if (added !== undefined) return;
	}
}

function expectStatusIn({ entries, facts }: Journal, status: RunState["status"]): void {
	const { status: now, parked } = stateOf(entries);
	const why = parked === undefined ? "" : `: ${parked.error.message}`;
	expect(now, `${facts.key} is ${now}${why}`).toBe(status);
}
