import type { AnyEvent, Context, Method } from "@allium/core";
import type { Expecting, StepKind, Waiting } from "./journal-entry.ts";

/** A step as the code asked for it. */
export interface AskedStep {
	readonly name: string;
	readonly kind: StepKind | "restart";
	/** The function that it runs. Missing for waits. */
	readonly work?: (ctx: Context) => unknown;
	/** How long one attempt may take, in milliseconds. */
	readonly timeoutMs?: number | undefined;
	/** The method that it calls, where that is known. */
	readonly method?: Method | undefined;
	/** How long it sleeps, or waits for an event, in milliseconds. */
	readonly waitMs?: number | undefined;
	/** The event that it waits for. */
	readonly event?: AnyEvent;
	/** The input of the step. Code that asks for the same step again gives the same input. */
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
	/** Whether this process is running the step, or has a result of it that still has to be recorded. */
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

/** The recorded waits of one step. */
export interface StepWaits {
	readonly last: Waiting | Expecting;
	/** How often it was tried. */
	readonly tries: number;
}
