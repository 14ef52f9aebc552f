import { declareSuite } from "./suite/suite-case.ts";
import { applyCases } from "./view/apply-cases.ts";
import { crashCases } from "./view/crash-cases.ts";
import { documentCases } from "./view/document-cases.ts";
import { runningCases } from "./view/running-cases.ts";
import { sqlCases } from "./view/sql-cases.ts";
import { versionCases } from "./view/version-cases.ts";
import { ViewLab, type ViewSetup, type ViewStoreCase, withoutViewAbility } from "./view/view-lab.ts";

export type { BackendOutage, BackendSetup, OpenOptions } from "./suite/backend-lab.ts";
export type { ViewSetup } from "./view/view-lab.ts";

/** Everything that must hold for view stores. */
export const viewCases: readonly ViewStoreCase[] = [
	...versionCases,
	...applyCases,
	...documentCases,
	...sqlCases,
	...runningCases,
	...crashCases,
];

/**
 * The conformance suite of the port `ViewStore`. It declares Vitest tests that hold for every backend.
 *
 * @param setup Makes an empty backend; called before every test.
 *
 * @example
 * viewSuite("memory", async () => {
 * 	const views = new MemoryViews();
 * 	return { open: async () => memoryViewStore({ views }), close: async () => {} };
 * });
 */
export function viewSuite(name: string, setup: () => Promise<ViewSetup>): void {
	declareSuite(
		{
			title: `view store: ${name}`,
			lab: new ViewLab(),
			cases: viewCases,
			withoutAbility: withoutViewAbility,
		},
		setup,
	);
}
