import type { SuiteCase } from "../suite/suite-case.ts";
import type { WorkflowLab } from "./workflow-lab.ts";
import type { WorkflowAbility } from "./workflow-setup.ts";

/** What must hold for workflows on an event store. */
export type WorkflowCase = SuiteCase<WorkflowLab, WorkflowAbility>;
