import type { Publish } from "@allium/core";
import { Cancellation } from "./cancellation.ts";
import { drained } from "./drained.ts";
import type { Executed, Live, Traced } from "./executed.ts";
import { dataOf, Inbox } from "./inbox.ts";
import {
	type Entry,
	type Expecting,
	type Fact,
	hasStep,
	type KeptEvent,
	type Parked,
	type Restarted,
	type Settled,
	type StepKind,
	type Waiting,
} from "./journal-entry.ts";
import { isBeginning } from "./journal-state.ts";
import { asServiceError, cannotFollow, foreignAwait, type Outcome, thrownError } from "./outcome.ts";
import { type AskedStep, PendingStep, type StepWaits } from "./pending-step.ts";
import { errorOf, type RecordedError, recordedError } from "./recorded-error.ts";
import { runOf } from "./run-of.ts";
import { StepAttempts } from "./step-attempts.ts";
import { beginningWait, untilOf } from "./wait-time.ts";

type CodeEnd = { readonly is: "returned" } | { readonly is: "threw"; readonly error: unknown };

/**
 * One execution of the code of a run against its journal: recorded results are given to the code one by one, in the
 * order of the journal, each once the code has done everything that the previous one allowed. After that, a live
 * execution begins the steps without a result, and records each result before the code gets it.
 */
export class Execution implements Traced {
	readonly #executed: Executed;
	readonly #live: Live | undefined;
	/** The entries that the code has not received yet, in the order of the journal. */
	readonly #entries: Entry[];
	readonly #steps = new Map<string, PendingStep>();
	/** The steps whose result the code may still wait for. */
	readonly #open = new Set<PendingStep>();
	readonly #waits = new Map<string, StepWaits>();
	readonly #inbox: Inbox;
	readonly #attempts: StepAttempts | undefined;
	readonly #cancellation = new Cancellation();
	/** The facts that have to be recorded. */
	#outbox: Fact[] = [];
	#now = new Date(0);
	#end: CodeEnd | undefined;
	#parked: Parked | undefined;
	/** The steps that the code asked for, in order, as text. */
	readonly trace: string[] = [];

	constructor(executed: Executed, entries: readonly Entry[], live?: Live) {
		this.#executed = executed;
		this.#entries = [...entries];
		this.#live = live;
		this.#inbox = new Inbox(executed.receives);
		this.#attempts = live && new StepAttempts(live, (fact) => void this.#outbox.push(fact));
	}

	/** Whether the code has returned or thrown. */
	get hasEnded(): boolean {
		return this.#end !== undefined;
	}

	/** Rejects when the store does not take or tell entries. */
	async run(): Promise<Outcome> {
		const fault = await this.#begin();
		if (fault !== undefined) return { is: "parked", error: fault };
		for (;;) {
			await drained();
			const released = await this.#release();
			if (released === true) continue;
			if (released !== false) return { is: "parked", error: released };
			const outcome = await this.#goOn();
			if (outcome !== undefined) return outcome;
		}
	}

	/** Decides how to go on, once all recorded results are released. */
	async #goOn(): Promise<Outcome | undefined> {
		const live = this.#live;
		const fault = this.#unfollowed() ?? (await live?.check(this).then(asParked));
		if (fault !== undefined) return fault;
		if (this.#end !== undefined) return this.#ended(this.#end);
		const attempts = this.#attempts;
		if (live === undefined || attempts === undefined) return this.#blocked();
		if (live.ctx.error !== undefined) return { is: "interrupted" };
		if (attempts.givenUp === undefined && !live.isStopping()) {
			const restarted = this.#propose(live, attempts);
			if (restarted !== undefined) return restarted;
		}
		if (this.#outbox.length > 0) return this.#flush(live);
		if (attempts.areRunning) await attempts.ended;
		else if (attempts.givenUp !== undefined) return { is: "parked", ...attempts.givenUp };
		else if (live.isStopping()) return { is: "interrupted" };
		else return this.#blocked();
		return undefined;
	}

	/** Calls the code with the data that the run began with. */
	async #begin(): Promise<RecordedError | undefined> {
		const first = this.#entries.findIndex(({ fact }) => isBeginning(fact));
		const [entry] = this.#entries.splice(first, 1);
		const fact = entry?.fact as Extract<Fact, { readonly event: KeptEvent }> | undefined;
		if (first < 0 || entry === undefined || fact === undefined) {
			return { code: "failed_precondition", message: "the journal does not say how the run began" };
		}
		this.#now = new Date(entry.record.time);
		const { code, start } = this.#executed;
		let data: unknown;
		try {
			for (const event of (fact as Partial<Restarted>).received ?? []) await this.#inbox.add(event);
			data = await dataOf(start, fact.event);
		} catch (error) {
			return recordedError(asServiceError(error));
		}
		const { runId: id, key, receives } = this.#executed;
		const publish: Publish = (events, ctx) => this.#live?.publish(events, ctx) ?? Promise.resolve([]);
		const now = (): Date => new Date(this.#now);
		const run = runOf({ id, key, receives, publish, now, ask: (asked) => this.#ask(asked) });
		Promise.try(code, data, run).then(
			() => {
				this.#end = { is: "returned" };
			},
			(error: unknown) => {
				this.#end = { is: "threw", error };
			},
		);
		return undefined;
	}

	/** Gives the code the next thing that is recorded. Returns false without one; an error where it cannot be read. */
	async #release(): Promise<boolean | RecordedError> {
		if (this.#end !== undefined) return false;
		const index = this.#entries.findIndex(({ fact }) => fact.is !== "settled" || this.#isAwaited(fact));
		const [entry] = index < 0 ? [] : this.#entries.splice(index, 1);
		if (entry === undefined) return false;
		this.#now = new Date(Math.max(this.#now.getTime(), Date.parse(entry.record.time)));
		try {
			await this.#apply(entry.fact);
		} catch (error) {
			return recordedError(asServiceError(error));
		}
		return true;
	}

	#isAwaited({ step, took }: Settled): boolean {
		const pending = this.#steps.get(step);
		if (pending === undefined || pending.isSettled) return false;
		return took === undefined || this.#inbox.has(took);
	}

	async #apply(fact: Fact): Promise<void> {
		switch (fact.is) {
			case "settled":
				return this.#settle(fact);
			case "received":
				return this.#inbox.add(fact.event);
			case "expecting":
			case "waiting":
				this.#wait(fact);
				return;
			case "cancelled":
				return this.#cancel(fact.reason);
			case "parked":
				this.#parked = fact;
				return;
			case "resumed":
				// The step that it stood at has all its attempts again.
				if (this.#parked?.step !== undefined) this.#waits.delete(this.#parked.step);
				this.#parked = undefined;
				return;
			case "started":
			case "restarted":
			case "ended":
				return;
		}
	}

	#settle({ step, value, error, took }: Settled): void {
		const pending = this.#steps.get(step);
		if (pending === undefined) return;
		if (error !== undefined) pending.reject(errorOf(error));
		else if (took === undefined) pending.resolve(typeof value === "object" ? structuredClone(value) : value);
		else pending.resolve(this.#inbox.take(took));
	}

	#wait(fact: Waiting | Expecting): void {
		const pending = this.#steps.get(fact.step);
		if (pending?.isRunning === false) pending.isUnderWay = false;
		this.#waits.set(fact.step, { last: fact, tries: (this.#waits.get(fact.step)?.tries ?? 0) + 1 });
	}

	/** It is thrown once: asked for again, it changes nothing, also not that the run is parked. */
	#cancel(reason: string | undefined): void {
		if (this.#cancellation.isAsked) return;
		const parkedAt = this.#parked?.step;
		this.#parked = undefined;
		this.#cancellation.ask(reason, this.#pending, parkedAt);
	}

	get #pending(): PendingStep[] {
		for (const step of this.#open) if (step.isSettled) this.#open.delete(step);
		return [...this.#open];
	}

	/** Code of the same version asks for each step that is recorded, before it asks for one that is not. */
	#unfollowed(): Outcome | undefined {
		if (!this.#executed.isStrict || this.#end !== undefined) return undefined;
		const left = this.#leftOver();
		if (left === undefined) return undefined;
		const unrecorded = this.#pending.find(({ name, isUnderWay }) => !isUnderWay && !this.#waits.has(name));
		if (unrecorded === undefined) return undefined;
		return { is: "parked", step: unrecorded.name, error: cannotFollow(unrecorded.name, left) };
	}

	/** A step that is recorded, and that the code has not asked for: its result, or that it began to wait. */
	#leftOver(): string | undefined {
		const settled = this.#entries.find(({ fact }) => fact.is === "settled")?.fact as Settled | undefined;
		return settled?.step ?? [...this.#waits.keys()].find((step) => !this.#steps.has(step));
	}

	#blocked(): Outcome {
		const steps = this.#pending.map(({ name }) => name);
		if (steps.length > 0) return { is: "blocked", steps };
		return { is: "parked", error: foreignAwait };
	}

	#ended(end: CodeEnd): Outcome {
		if (end.is === "returned") return { is: "ended", cancelled: this.#cancellation.isAsked };
		if (this.#cancellation.is(end.error)) return { is: "ended", cancelled: true };
		return { is: "parked", error: thrownError(end.error) };
	}

	/** Begins the steps that the code waits for, and notes the results of waits. */
	#propose(live: Live, attempts: StepAttempts): Outcome | undefined {
		for (const pending of this.#pending) {
			if (pending.isUnderWay) continue;
			const { asked } = pending;
			if (asked.kind === "restart") {
				const { version } = this.#executed.start;
				return { is: "restarted", data: asked.input, version, received: this.#inbox.left };
			}
			const waits = (): StepWaits | undefined => this.#waits.get(pending.name);
			const wait = waits()?.last;
			if (asked.work === undefined) this.#proposeWait(pending, asked.kind, live);
			else if (wait === undefined || untilOf(wait) <= live.now()) attempts.begin(pending, asked.work, waits);
		}
		return undefined;
	}

	#proposeWait({ asked, name: step }: PendingStep, kind: StepKind, live: Live): void {
		const wait = this.#waits.get(step)?.last;
		const event = kind === "receive" ? this.#inbox.first(asked.event) : undefined;
		if (event !== undefined) {
			this.#inbox.take(event.id);
			this.#outbox.push({ is: "settled", step, kind, took: event.id });
		} else if (wait !== undefined) {
			if (untilOf(wait) <= live.now()) this.#outbox.push({ is: "settled", step, kind });
		} else {
			this.#outbox.push(beginningWait(asked, kind));
		}
	}

	/** Records the facts that have to be recorded. If others were faster, their entries count. */
	async #flush(live: Live): Promise<Outcome | undefined> {
		const batch = this.#outbox.filter((fact) => !this.#isOver(fact));
		this.#outbox = [];
		if (batch.length === 0) return undefined;
		const { isAdded, entries } = await live.append(batch);
		this.#entries.push(...entries);
		if (isAdded) return undefined;
		if (entries.some(({ fact }) => fact.is === "ended" || isBeginning(fact))) return { is: "overtaken" };
		const settled = new Set(entries.map(({ fact }) => (fact.is === "settled" ? fact.step : "")));
		for (const fact of batch) {
			if (fact.is === "settled" && fact.took !== undefined) this.#inbox.putBack(fact.took);
			// Waits are looked at again.
			if (!hasStep(fact) || fact.is === "expecting" || fact.kind === "sleep" || fact.kind === "receive")
				continue;
			if (!settled.has(fact.step)) this.#outbox.push(fact);
		}
		return undefined;
	}

	/** Whether another process has recorded the result of the step. */
	#isOver(fact: Fact): boolean {
		if (!hasStep(fact)) return false;
		return (
			this.#steps.get(fact.step)?.isSettled === true ||
			this.#entries.some((entry) => entry.fact.is === "settled" && entry.fact.step === fact.step)
		);
	}

	#ask(asked: AskedStep): Promise<unknown> {
		const { name, kind, input } = asked;
		if (typeof name !== "string" || name === "") {
			throw new TypeError(`a step of the kind ${kind} has no name; give it one by the option "as"`);
		}
		if (this.#steps.has(name)) {
			throw new TypeError(
				`the workflow has two steps named "${name}"; name one of them differently, in a loop with its number`,
			);
		}
		this.trace.push(JSON.stringify([kind, name, input]) ?? name);
		const pending = new PendingStep(asked);
		this.#steps.set(name, pending);
		this.#open.add(pending);
		this.#cancellation.meet(pending);
		return pending.promise;
	}
}

function asParked(error: RecordedError | undefined): Outcome | undefined {
	return error === undefined ? undefined : { is: "parked", error };
}
