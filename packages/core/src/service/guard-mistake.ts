import { isContext } from "../context/context.ts";
import { kindOf, Mistake } from "../errors/mistake.ts";

/** The mistake in the value that a guard returned; undefined when it let the request in. */
export function guardMistake(returned: unknown): Mistake | undefined {
	if (isContext(returned)) return undefined;
	return new Mistake(
		`the guard returned ${kindOf(returned)} instead of a context: write return ctx to let a request in, and throw to refuse it`,
	);
}

/** The mistake of a guard that returned the context of nothing, or of another call. */
export function otherCall(): Mistake {
	return new Mistake(
		"the guard returned a context that is not of the call: return the one that it was given, or one made of it",
	);
}
