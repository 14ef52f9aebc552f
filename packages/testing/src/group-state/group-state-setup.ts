import type { GroupState } from "@allium/core/event";
import type { BackendSetup } from "../suite/backend-lab.ts";

/** The backend that one test of the state of groups runs against. */
export interface GroupStateSetup extends BackendSetup<GroupState> {
	/**
	 * How many delayed events the largest test saves. A setup that gives fewer says why its server cannot take so many.
	 * Default: 100,000.
	 */
	readonly many?: number;
}

/** An ability that only some backends have. */
export type GroupStateAbility = "outage";

/** Why a test is skipped without the ability. */
export const withoutGroupStateAbility: Readonly<Record<GroupStateAbility, string>> = {
	outage: "the setup cannot kill and restart the server",
};
