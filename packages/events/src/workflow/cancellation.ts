import { ServiceError } from "@allium/core";
import type { PendingStep } from "./pending-step.ts";

/** The cancellation of a run. It is thrown into the code once, however often it is asked for. */
export class Cancellation {
	#error: ServiceError | undefined;
	/** Not thrown yet: the next step throws it. */
	#isDue = false;

	/** Whether somebody has asked for it. */
	get isAsked(): boolean {
		return this.#error !== undefined;
	}

	/** Whether the code threw the error of this cancellation. */
	is(error: unknown): boolean {
		return error !== undefined && error === this.#error;
	}

	/**
	 * Ends every waiting step, and the step at which the run is parked, with the error. If there is no such step, the next
	 * step ends with it.
	 */
	ask(reason: string | undefined, pending: readonly PendingStep[], parkedAt: string | undefined): void {
		const message = reason ?? "the run was cancelled";
		const error = new ServiceError({ code: "canceled", reason: "workflow_cancelled", message });
		this.#error = error;
		const given = pending.filter(({ isWait, name }) => isWait || name === parkedAt);
		for (const step of given) step.reject(error);
		this.#isDue = given.length === 0;
	}

	/** Ends a step that was just asked for, if that is due. */
	meet(pending: PendingStep): void {
		if (!this.#isDue || this.#error === undefined) return;
		this.#isDue = false;
		pending.reject(this.#error);
	}
}
