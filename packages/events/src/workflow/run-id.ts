import { Cause } from "@allium/core";
import { topicOf } from "./journal-contract.ts";
import type { Entry } from "./journal-entry.ts";

/**
 * The id of a run. It is unique to this run, and the same each time that its journal is read.
 *
 * @param beginning the entry that began the run.
 */
export function runIdOf(workflow: string, key: string, beginning: Entry | undefined): string {
	const { id = "", correlationId } = beginning?.record ?? {};
	return new Cause(id, correlationId).begin(topicOf(workflow), undefined, `${key} ${generationOf(beginning)}`)
		.id;
}

/** The number of restarts up to and including this beginning. */
export function generationOf(beginning: Entry | undefined): number {
	const fact = beginning?.fact;
	return fact?.is === "restarted" ? fact.generation : 0;
}
