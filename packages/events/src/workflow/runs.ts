import { type AnyContract, type AnyEvent, type Context, delivery, type SubscribeOptions } from "@allium/core";
import { forgetOldest } from "@allium/core/adapter";
import { Journal, mostEntries } from "./journal.ts";
import { journalContract, topicOf } from "./journal-contract.ts";
import { type Fact, type KeptEvent, kindsOfEntries } from "./journal-entry.ts";
import { RunExecutor, type RunsHost } from "./run-executor.ts";
import type { WorkflowFacts } from "./workflow-facts.ts";

/** How long the steps of a run may take that follow each other without a wait, in milliseconds. */
const longestStretchMs = 24 * 60 * 60 * 1000;

/**
 * How many runs go on at once in a process, half of them because a wait of theirs is over. A run mostly waits for the
 * store, and runs that append at the same time share a transaction.
 */
const runsAtOnce = 64;

/** How many events are kept for a run that has not begun. */
const mostEarly = 1_000;

/** How many entries are remembered that runs have seen. */
const mostSeen = 10_000;

/** The entries that let no run go on. */
const ignores = Object.keys(kindsOfEntries).filter((is) => !kindsOfEntries[is as Fact["is"]].wakes);

/** A group, and how it handles events. */
export interface RunsGroup {
	readonly contract: AnyContract;
	readonly handlers: Readonly<Record<string, (data: unknown, ctx: Context) => Promise<void>>>;
	readonly options: SubscribeOptions & { readonly group: string; readonly ignores?: readonly string[] };
}

/** The groups that work on the runs of a workflow. */
export interface WorkflowRuns {
	readonly name: string;
	/** On the broker of the app: they put the events that begin runs, or are received by them, into journals. */
	readonly triggers: readonly RunsGroup[];
	/** On the log of the store: it lets a run go on when its journal says so. */
	readonly runs: RunsGroup;
	/** Begins no further steps. */
	stop(): void;
}

/** Prepares the groups that work on the runs of a workflow. */
export function workflowRuns(info: WorkflowFacts, host: RunsHost): WorkflowRuns {
	const contract = journalContract(info.name, info.version);
	const executor = new RunExecutor(info, contract, host);
	const group = topicOf(info.name);
	const triggers = new Triggers(info, executor, host);
	return {
		name: info.name,
		triggers: triggers.groups(group),
		runs: {
			contract,
			handlers: handlersOf(executor),
			options: { group, from: "start", concurrency: runsAtOnce, timeoutMs: longestStretchMs, ignores },
		},
		stop: () => executor.stop(),
	};
}

/**
 * The handlers that let runs go on. Each entry is a delivery, in the order of the journal, or when its time has come.
 */
function handlersOf(executor: RunExecutor): RunsGroup["handlers"] {
	const seen = new Set<string>();
	const wake = async (data: unknown, ctx: Context): Promise<void> => {
		const { id, key = "" } = delivery(ctx);
		// The run knows an entry that came while it went on.
		if (seen.delete(id)) return;
		const until = Date.parse((data as { readonly until?: string }).until ?? "");
		const ids = await executor.advance(key, Number.isNaN(until) ? 0 : until, ctx);
		for (const other of ids) if (other !== id) seen.add(other);
		while (seen.size > mostSeen) forgetOldest(seen);
	};
	return { started: wake, restarted: wake, received: wake, waiting: wake, resumed: wake, cancelled: wake };
}

/** Puts events into journals. */
class Triggers {
	readonly #workflow: WorkflowFacts;
	readonly #executor: RunExecutor;
	readonly #host: RunsHost;

	constructor(workflow: WorkflowFacts, executor: RunExecutor, host: RunsHost) {
		this.#workflow = workflow;
		this.#executor = executor;
		this.#host = host;
	}

	/** A group for each contract whose events concern the workflow. */
	groups(group: string): readonly RunsGroup[] {
		const { start, receives } = this.#workflow;
		const events = new Set([start, ...receives.values()]);
		const topics = Map.groupBy(events, ({ service }) => service);
		return Array.from(topics, ([topic, events]) => ({
			contract: contractOf(topic, events),
			handlers: Object.fromEntries(events.map((event) => [event.name, this.#handlerOf(event)])),
			options: { group, concurrency: runsAtOnce },
		}));
	}

	#handlerOf(type: AnyEvent): (data: unknown, ctx: Context) => Promise<void> {
		const { start, receives } = this.#workflow;
		return async (data, ctx) => {
			const { id, key = id } = delivery(ctx);
			const event: KeptEvent = { id, type: type.type, version: type.version, data };
			const isNew = type.type === start.type && (await this.#start(key, event, ctx));
			if (!isNew && receives.has(type.type)) await this.#receive(key, event, ctx);
		};
	}

	/** Begins a run. Returns false when the key has another. */
	async #start(key: string, event: KeptEvent, ctx: Context): Promise<boolean> {
		const facts = await this.#executor.journalOf(key);
		// Most runs are new.
		let journal = new Journal(facts, this.#host.store);
		for (;;) {
			const added = await journal.append([{ is: "started", event }], this.#workflow.version, ctx);
			if (added !== undefined) return true;
			journal = await Journal.load(facts, this.#host.store, ctx);
			const begun = journal.beginning?.fact;
			if (begun === undefined) continue;
			const isSame = (begun as Extract<Fact, { readonly event: KeptEvent }>).event.id === event.id;
			if (!isSame && !this.#workflow.receives.has(event.type)) this.#logSecond(key, event);
			return isSame;
		}
	}

	/** Keeps an event for a run, also when the run has not begun: its start event may come later, as another topic has it. */
	async #receive(key: string, event: KeptEvent, ctx: Context): Promise<void> {
		const facts = await this.#executor.journalOf(key);
		for (;;) {
			const journal = await Journal.atEnd(facts, this.#host.store, ctx);
			const last = journal.entries.at(-1);
			if (last?.fact.is === "ended") return;
			if (await this.#isFull(journal, ctx)) return this.#logDropped(key, event);
			if (await journal.receive(event, last?.record.version ?? 1, ctx)) return;
		}
	}

	async #isFull(journal: Journal, ctx: Context): Promise<boolean> {
		if (journal.version < mostEarly) return false;
		if ((await journal.length(ctx)) >= mostEntries) return true;
		const whole = await Journal.load(journal.facts, this.#host.store, ctx);
		return whole.beginning === undefined;
	}

	#logSecond(key: string, { id, type }: KeptEvent): void {
		const facts = { workflow: this.#workflow.name, key, event: type, id };
		this.#host.logger.log("warn", "a key has a run already, so that its event begins no other", facts);
	}

	#logDropped(key: string, { id, type }: KeptEvent): void {
		const facts = { workflow: this.#workflow.name, key, event: type, id };
		this.#host.logger.log("warn", "an event is not kept for its run, whose journal is full", facts);
	}
}

/** A contract with the given events, which is all that a group needs. */
function contractOf(name: string, events: readonly AnyEvent[]): AnyContract {
	return {
		"~allium": { name, version: "0.0.0", summary: undefined, meta: {}, wire: undefined, methods: [], events },
	};
}
