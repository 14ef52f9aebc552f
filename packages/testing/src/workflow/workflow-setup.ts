import type { EventStore } from "@allium/core/store";
import type { BackendSetup } from "../suite/backend-lab.ts";

/** The event store that one test of workflows runs on. */
export interface WorkflowSetup extends BackendSetup<EventStore> {
	/**
	 * The program that the suite runs as separate processes, which it kills: the module that exports `eventStore(url,
	 * options)`, by `import.meta.resolve("./index.ts")`, and the URL.
	 */
	readonly program?: { readonly module: string; readonly url: string };
	/** How many runs sleep at once. Default: 1,000. */
	readonly many?: number;
}

/** An ability that only some event stores have. */
export type WorkflowAbility = "program";

/** Why a test is skipped without the ability. */
export const withoutWorkflowAbility: Readonly<Record<WorkflowAbility, string>> = {
	program: "the setup names no program for processes of their own",
};
