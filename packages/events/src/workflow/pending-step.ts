import type { AnyEvent, Context, Method } from "@allium/core";
import type { Expecting, StepKind, Waiting } from "./journal-entry.ts";

/** What a step is, as the code asked for it. */
export interface AskedStep {
	readonly name: string;
	readonly kind: StepKind | "restart";
	/** What it does. Missing for waits. */
	readonly work?: (ctx: Context) => unknown;
	/** How long one attempt may take, in milliseconds. */
	readonly timeoutMs?: number | undefined;
	/** The method that it calls, where that is known. */
	readonly method?: Method | undefined;
	/** How long it sleeps, or waits for an event, in milliseconds. */
	readonly waitMs?: number | undefined;
	/** What it waits for. */
	readonly event?: AnyEvent;
	/** What it was given: code that asks for the same does it with the same. */
	readonly input?: unknown;
}

/** A step that the code asked for, until its result is given to the code. */
export class PendingStep {
	readonly asked: AskedStep;
	readonly promise: Promise<unknown>;
	readonly resolve: (value: unknown) => void;
	readonly reject: (error: unknown) => void;
	/** Whether the code has the result. */
	isSettled = false;
	/** Whether this process is doing it now. */
	isRunning = false;
	/** Whether this process is doing it, or has what it came to, to be recorded. */
	isUnderWay = false;

	constructor(asked: AskedStep) {
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		this.asked = asked;
		this.promise = promise;
		this.resolve = (value) => {
			this.isSettled = true;
			resolve(value);
		};
		this.reject = (error) => {
			this.isSettled = true;
			reject(error);
		};
		// The code may have gone on without it, as after a race.
		promise.catch(() => {});
	}

	get name(): string {
		return this.asked.name;
	}

	/** Whether it only waits, so that it can be given up at any time. */
	get isWait(): boolean {
		return this.asked.kind === "sleep" || this.asked.kind === "receive";
	}
}

/** What is recorded of the waits of one step. */
export interface StepWaits {
	readonly last: Waiting | Expecting;
	/** How often it was tried. */
	readonly tries: number;
}
