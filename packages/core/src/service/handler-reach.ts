import type { Context } from "../context/context.ts";

/**
 * Notes which calls of one method have reached its handler, so that a refusal further out can state that the handler
 * provably never ran. It also notes the error that the handler threw, so that the log can distinguish it from an error
 * of middleware. A call that succeeds pays one write to a field.
 */
export class HandlerReach {
	/** False once middleware called the handler without the context of a call, because that call is then unknown. */
	#isProvable = true;
	readonly #thrown = new WeakSet<object>();
	readonly #isNoted: boolean;

	/** @param isNoted whether `onThrown` is called for every error of the handler. */
	constructor(isNoted = false) {
		this.#isNoted = isNoted;
	}

	/** Notes that the handler runs for the call of a context. */
	enter(ctx: Context): void {
		const scope = ctx["~scope"];
		if (scope === undefined) this.#isProvable = false;
		else scope.reachedHandler = true;
	}

	/** Whether the handler provably never ran for the call of a context. */
	neverRan(ctx: Context): boolean {
		return this.#isProvable && ctx["~scope"]?.reachedHandler === false;
	}

	/** Notes the error that the handler threw, and throws it again. */
	readonly onThrown = (error: unknown): never => {
		if (typeof error === "object" && error !== null) this.#thrown.add(error);
		throw error;
	};

	/** Whether the handler threw the error; undefined when that is not known. */
	threw(error: unknown): boolean | undefined {
		if (!this.#isNoted || typeof error !== "object" || error === null) return undefined;
		return this.#thrown.has(error);
	}
}
