import type { SuiteCase } from "../suite/suite-case.ts";
import type { GroupStateLab } from "./group-state-lab.ts";
import type { GroupStateAbility } from "./group-state-setup.ts";

/** What must hold for the state of groups. */
export type GroupStateCase = SuiteCase<GroupStateLab, GroupStateAbility>;
