import { Mistake } from "@allium/core/transport";

/** A fault in the functions of a decider. Callers see `internal`; the log gets the sentence, and the cause with it. */
export function deciderMistake(sentence: string, cause?: unknown): Mistake {
	const mistake = new Mistake(cause === undefined ? sentence : `${sentence}: ${textOf(cause)}`);
	if (cause === undefined) return mistake;
	mistake.cause = cause;
	// The stack of the cause leads to the fault.
	if (cause instanceof Error && cause.stack !== undefined)
		mistake.stack = `${mistake.name}: ${mistake.message}\n${cause.stack}`;
	return mistake;
}

function textOf(cause: unknown): string {
	return cause instanceof Error ? cause.message : String(cause);
}
