import { declareSuite } from "./suite/suite-case.ts";
import { codeCases } from "./workflow/code-cases.ts";
import { crashCases } from "./workflow/crash-cases.ts";
import { processCases } from "./workflow/process-cases.ts";
import { sizeCases } from "./workflow/size-cases.ts";
import { strangeCases } from "./workflow/strange-cases.ts";
import { troubleCases } from "./workflow/trouble-cases.ts";
import { waitCases } from "./workflow/wait-cases.ts";
import type { WorkflowCase } from "./workflow/workflow-case.ts";
import { WorkflowLab } from "./workflow/workflow-lab.ts";
import { type WorkflowSetup, withoutWorkflowAbility } from "./workflow/workflow-setup.ts";

export type { BackendOutage, BackendSetup, OpenOptions } from "./suite/backend-lab.ts";
export type { WorkflowSetup } from "./workflow/workflow-setup.ts";

/** Everything that must hold for workflows. */
export const workflowCases: readonly WorkflowCase[] = [
	...crashCases,
	...waitCases,
	...codeCases,
	...strangeCases,
	...troubleCases,
	...processCases,
	...sizeCases,
];

/**
 * The conformance suite of workflows on an event store that is also the broker: its log delivers the published events,
 * and its state of groups records progress. It declares Vitest tests that hold for every such store.
 *
 * @param setup Makes an empty backend; called before every test.
 *
 * @example
 * workflowSuite("memory", async () => {
 * 	const topics = new MemoryTopics();
 * 	return { open: async () => memoryEventStore({ topics }), close: async () => {} };
 * });
 */
export function workflowSuite(name: string, setup: () => Promise<WorkflowSetup>): void {
	declareSuite(
		{
			title: `workflows: ${name}`,
			lab: new WorkflowLab(),
			cases: workflowCases,
			withoutAbility: withoutWorkflowAbility,
		},
		setup,
	);
}
