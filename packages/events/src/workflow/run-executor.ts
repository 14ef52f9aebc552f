import { Cause, type Context, effectName, type Logger, type Publish, ServiceError } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { withCause } from "@allium/core/transport";
import { compared } from "./compared.ts";
import type { Executed, Live, Traced } from "./executed.ts";
import { Execution } from "./execution.ts";
import { Journal, type JournalFacts, mostEntries } from "./journal.ts";
import type { JournalContract } from "./journal-contract.ts";
import { streamOf } from "./journal-contract.ts";
import { type Fact, kindsOfEntries } from "./journal-entry.ts";
import { stateOf } from "./journal-state.ts";
import type { Outcome } from "./outcome.ts";
import type { RecordedError } from "./recorded-error.ts";
import type { WorkflowFacts } from "./workflow-facts.ts";

/** In development, journals up to this length are compared: each comparison runs all the code. */
const mostCompared = 300;

/** How often others may be faster in a row before the run is left to them for a while. */
const mostConflicts = 50;

/** The parts of an app that its runs need. */
export interface RunsHost {
	readonly store: EventStore;
	/** The name of the app. */
	readonly name: string;
	readonly publish: Publish;
	readonly logger: Logger;
	/** Whether code is run again after each step, and compared. For development and tests. */
	readonly isCompared: boolean;
}

/** Lets the runs of a workflow go on, one step after another, as far as they come. */
export class RunExecutor {
	readonly #workflow: WorkflowFacts;
	readonly #contract: JournalContract;
	readonly #host: RunsHost;
	#isStopping = false;

	constructor(workflow: WorkflowFacts, contract: JournalContract, host: RunsHost) {
		this.#workflow = workflow;
		this.#contract = contract;
		this.#host = host;
	}

	/** Begins no further steps. Runs go on elsewhere, or later. */
	stop(): void {
		this.#isStopping = true;
	}

	/** The facts of the journal of a key. */
	async journalOf(key: string): Promise<JournalFacts> {
		const { name: workflow } = this.#workflow;
		const stream = await streamOf(workflow, key);
		return { workflow, key, stream, contract: this.#contract, source: this.#host.name };
	}

	/**
	 * Lets a run go on until it waits, or is over. Rejects with `unavailable`, reason `stopping`, when the process stops.
	 *
	 * @param now the time in milliseconds that it is at least.
	 * @returns the ids of the entries that need not wake it again.
	 */
	async advance(key: string, now: number, ctx: Context): Promise<readonly string[]> {
		const facts = await this.journalOf(key);
		for (let conflicts = 0; conflicts < mostConflicts; conflicts++) {
			const journal = await Journal.load(facts, this.#host.store, ctx);
			const { status } = stateOf(journal.entries);
			if (status !== "going on" && status !== "waiting") return idsOf(journal);
			const outcome = await this.#execute(journal, now, ctx);
			if (outcome.is === "interrupted") throw stopping();
			if (outcome.is === "overtaken") continue;
			const isOver = await this.#conclude(journal, outcome, ctx);
			if (isOver) return idsOf(journal);
			if (outcome.is === "restarted") conflicts = 0;
		}
		throw new ServiceError({ code: "aborted", message: `others write to ${facts.stream} all the time` });
	}

	async #execute(journal: Journal, now: number, ctx: Context): Promise<Outcome> {
		const { key } = journal.facts;
		const { start, receives } = this.#workflow;
		const { code, isStrict } = this.#workflow.codeOf(journal.codeVersion);
		const executed: Executed = { code, start, receives, isStrict, runId: journal.runId, key };
		try {
			return await new Execution(executed, journal.entries, this.#live(executed, journal, now, ctx)).run();
		} catch (error) {
			if (error instanceof JournalFull) return { is: "parked", error: journalFull };
			if (ctx.error !== undefined) return { is: "interrupted" };
			throw error;
		}
	}

	#live(executed: Executed, journal: Journal, now: number, ctx: Context): Live {
		const { publish, isCompared } = this.#host;
		const { correlationId } = journal.beginning?.record ?? {};
		let comparedLength = 0;
		const check = async (execution: Traced): Promise<RecordedError | undefined> => {
			const { length } = journal.entries;
			if (!isCompared || length === comparedLength || length > mostCompared) return undefined;
			comparedLength = length;
			return compared(executed, journal.entries, execution);
		};
		return {
			ctx,
			publish,
			check,
			isStopping: () => this.#isStopping,
			now: () => Math.max(now, Date.now()),
			contextOf: (step, kind) => {
				const caused = withCause(ctx, new Cause(executed.runId, correlationId, step));
				return kind === "step" ? caused : caused.withValue(effectName, step);
			},
			append: (facts) => this.#append(journal, facts, ctx),
		};
	}

	async #append(
		journal: Journal,
		facts: readonly Fact[],
		ctx: Context,
	): Promise<{ readonly isAdded: boolean; readonly entries: Journal["entries"] }> {
		if (journal.entries.length + facts.length > mostEntries) throw new JournalFull();
		const added = await journal.append(facts, journal.codeVersion, ctx);
		if (added !== undefined) return { isAdded: true, entries: added };
		return { isAdded: false, entries: await journal.readOn(ctx) };
	}

	/** Records how an execution ended. Returns false when the run goes on, because somebody else wrote, or it restarts. */
	async #conclude(journal: Journal, outcome: Outcome, ctx: Context): Promise<boolean> {
		const fact = conclusion(outcome, journal);
		if (fact === undefined) return true;
		const { version } = this.#workflow;
		const codeVersion = fact.is === "restarted" ? version : journal.codeVersion;
		const added = await journal.append([fact], codeVersion, ctx);
		if (added === undefined) return false;
		const { workflow, key } = journal.facts;
		if (fact.is === "parked") {
			const { step, error } = fact;
			this.#host.logger.log("error", parkedMessage, { workflow, key, step, error: error.message });
		}
		if (fact.is !== "restarted") return true;
		await journal.noteRestart(ctx);
		return false;
	}
}

const parkedMessage =
	'a run of a workflow is parked: "allium workflows show" tells why, "allium workflows resume" lets it go on';

function conclusion(outcome: Outcome, journal: Journal): Fact | undefined {
	switch (outcome.is) {
		case "blocked":
		case "interrupted":
		case "overtaken":
			return undefined;
		case "ended":
			return { is: "ended", ...(outcome.cancelled && { cancelled: true }) };
		case "parked": {
			const { step, error } = outcome;
			return { is: "parked", error, ...(step !== undefined && { step }) };
		}
		case "restarted": {
			const before = journal.beginning?.fact as Extract<Fact, { readonly is: "started" | "restarted" }>;
			const { data, received } = outcome;
			return {
				is: "restarted",
				generation: journal.generation + 1,
				event: { ...before.event, version: outcome.version, data },
				received,
			};
		}
	}
}

/** The entries that wake the run and bring no news. The delivery of a wait shows that its time has come. */
function idsOf({ entries }: Journal): readonly string[] {
	const known = entries.filter(({ fact: { is } }) => kindsOfEntries[is].wakes && is !== "waiting");
	return known.map(({ record: { id } }) => id);
}

class JournalFull extends Error {}

const journalFull: RecordedError = {
	code: "resource_exhausted",
	reason: "journal_full",
	message: `the journal has ${mostEntries} entries, which is the most: restart the run with run.restart(data) from time to time`,
};

function stopping(): ServiceError {
	const message = "the process stops; the run goes on elsewhere, or when it starts again";
	return new ServiceError({ code: "unavailable", reason: "stopping", message });
}
