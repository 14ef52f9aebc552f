import type { ServiceError } from "../errors/service-error.ts";
import { consoleLogger, type Logger } from "../logger/logger.ts";

/** How a call ended: in success, or with an error. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: ServiceError };

/** The outcome of every call that succeeded. */
export const succeeded: Outcome = { ok: true };

/** Called with the outcome of a call at its true end. */
export type SettledListener = (outcome: Outcome) => void;

/** The end of one call or attempt. It settles once, and calls every listener. The runtime owns it. */
export class CallScope {
	/** Whether the handler may have run for the call. */
	reachedHandler = false;
	#outcome: Outcome | undefined;
	#listeners: SettledListener[] | undefined;
	/** The instances that were tried. A single one is kept without an array, because most calls try one. */
	#tried: string | readonly string[];

	/** @param tried the instances tried so far, where this is an attempt of a call. */
	constructor(tried: readonly string[] = none) {
		this.#tried = tried;
	}

	/** The ids of the instances that the call has tried, in order. */
	get tried(): readonly string[] {
		return typeof this.#tried === "string" ? [this.#tried] : this.#tried;
	}

	/** Notes that the call tries an instance. */
	addTried(id: string): void {
		this.#tried = this.#tried === none ? id : [...this.tried, id];
	}

	get settled(): boolean {
		return this.#outcome !== undefined;
	}

	listen(listener: SettledListener): void {
		if (this.#outcome !== undefined) listener(this.#outcome);
		else if (this.#listeners === undefined) this.#listeners = [listener];
		else this.#listeners.push(listener);
	}

	/** Ends the call. Only the first outcome counts. Errors of listeners are logged. */
	settle(outcome: Outcome, logger: Logger = consoleLogger): void {
		if (this.#outcome !== undefined) return;
		this.#outcome = outcome;
		const listeners = this.#listeners;
		this.#listeners = undefined;
		if (listeners !== undefined) for (const listener of listeners) tell(listener, outcome, logger);
	}
}

const none: readonly string[] = [];

function tell(listener: SettledListener, outcome: Outcome, logger: Logger): void {
	const failed = (error: unknown): void => logger.log("error", "a listener of onSettled threw", { error });
	try {
		const done: unknown = listener(outcome);
		if (done instanceof Promise) done.then(undefined, failed);
	} catch (error) {
		failed(error);
	}
}
