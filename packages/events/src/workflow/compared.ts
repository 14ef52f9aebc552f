import type { Executed, Traced } from "./executed.ts";
import { Execution } from "./execution.ts";
import type { Entry } from "./journal-entry.ts";
import type { RecordedError } from "./recorded-error.ts";

/**
 * Runs the code once more against its journal, and compares its steps with the recorded ones. Returns the difference as
 * an error: code that depends on time, chance, or input and output would go astray after the next crash.
 */
export async function compared(
	executed: Executed,
	entries: readonly Entry[],
	live: Traced,
): Promise<RecordedError | undefined> {
	const again = new Execution(executed, entries);
	await again.run();
	const [first, second] = [traceOf(live), traceOf(again)];
	const index = first.findIndex((asked, at) => asked !== second[at]);
	const at = index < 0 ? first.length : index;
	if (first.length === second.length && index < 0) return undefined;
	return {
		code: "failed_precondition",
		reason: "not_repeatable",
		message: `the workflow did something else when it ran again with the same journal: first ${first[at] ?? "nothing more"}, then ${second[at] ?? "nothing more"}; what depends on time, chance, or input and output belongs into run.step(), and the time is run.now()`,
	};
}

function traceOf(execution: Traced): readonly string[] {
	return execution.hasEnded ? [...execution.trace, "the end"] : execution.trace;
}
