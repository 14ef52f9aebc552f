import { changeCases } from "./group-state/change-cases.ts";
import { claimCases } from "./group-state/claim-cases.ts";
import { delayCases } from "./group-state/delay-cases.ts";
import { groupCases } from "./group-state/group-cases.ts";
import type { GroupStateCase } from "./group-state/group-state-case.ts";
import { GroupStateLab } from "./group-state/group-state-lab.ts";
import { type GroupStateSetup, withoutGroupStateAbility } from "./group-state/group-state-setup.ts";
import { memberCases } from "./group-state/member-cases.ts";
import { parkingCases } from "./group-state/parking-cases.ts";
import { saveCases } from "./group-state/save-cases.ts";
import { declareSuite } from "./suite/suite-case.ts";

export type { GroupStateSetup } from "./group-state/group-state-setup.ts";
export type { BackendOutage, BackendSetup, OpenOptions } from "./suite/backend-lab.ts";

/** Everything that must hold for the state of groups. */
export const groupStateCases: readonly GroupStateCase[] = [
	...groupCases,
	...memberCases,
	...claimCases,
	...saveCases,
	...delayCases,
	...parkingCases,
	...changeCases,
];

/**
 * The conformance suite of the port `GroupState`. It declares Vitest tests that hold for every backend.
 *
 * @param setup Makes an empty backend; called before every test.
 *
 * @example
 * groupStateSuite("memory", async () => {
 * 	const groups = new MemoryGroups();
 * 	return { open: async () => memoryGroupState({ groups }), close: async () => {} };
 * });
 */
export function groupStateSuite(name: string, setup: () => Promise<GroupStateSetup>): void {
	declareSuite(
		{
			title: `state of groups: ${name}`,
			lab: new GroupStateLab(),
			cases: groupStateCases,
			withoutAbility: withoutGroupStateAbility,
		},
		setup,
	);
}
