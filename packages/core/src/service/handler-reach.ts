import type { Context } from "../context/context.ts";

/**
 * Notes which calls of one method have reached its handler, so that a refusal further out can say that it
 * provably never ran; and what the handler threw, so that the log can tell it from what middleware threw. Costs
 * a call that succeeds one write to a field.
 */
export class HandlerReach {
	/** False once middleware called the handler without the context of a call: nobody knows whose call that was. */
	#isProvable = true;
	readonly #thrown = new WeakSet<object>();
	readonly #isNoted: boolean;

	/** @param isNoted whether `onThrown` is told of all that the handler throws. */
	constructor(isNoted = false) {
		this.#isNoted = isNoted;
	}

	/** The handler runs for the call of a context. */
	enter(ctx: Context): void {
		const scope = ctx["~scope"];
		if (scope === undefined) this.#isProvable = false;
		else scope.reachedHandler = true;
	}

	/** Whether the handler provably never ran for the call of a context. */
	neverRan(ctx: Context): boolean {
		return this.#isProvable && ctx["~scope"]?.reachedHandler === false;
	}

	/** Notes what the handler threw, and throws it on. */
	readonly onThrown = (error: unknown): never => {
		if (typeof error === "object" && error !== null) this.#thrown.add(error);
		throw error;
	};

	/** Whether the handler threw that; undefined when it cannot be told. */
	threw(error: unknown): boolean | undefined {
		if (!this.#isNoted || typeof error !== "object" || error === null) return undefined;
		return this.#thrown.has(error);
	}
}
