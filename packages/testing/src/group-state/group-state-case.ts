import type { SuiteCase } from "../suite/suite-case.ts";
import type { GroupStateLab } from "./group-state-lab.ts";
import type { GroupStateAbility } from "./group-state-setup.ts";

/** A conformance test of the port `GroupState`. */
export type GroupStateCase = SuiteCase<GroupStateLab, GroupStateAbility>;
