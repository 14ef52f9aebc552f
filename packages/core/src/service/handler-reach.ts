import type { Context } from "../context/context.ts";

/**
 * Notes which calls of one method have reached its handler, so that a refusal further out can say that it
 * provably never ran. Costs a call one write to a field.
 */
export class HandlerReach {
	/** False once middleware called the handler without the context of a call: nobody knows whose call that was. */
	#isProvable = true;

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
}
