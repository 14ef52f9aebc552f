import type { SuiteCase } from "../suite/suite-case.ts";
import type { WorkflowLab } from "./workflow-lab.ts";
import type { WorkflowAbility } from "./workflow-setup.ts";

/** A conformance test of workflows on an event store. */
export type WorkflowCase = SuiteCase<WorkflowLab, WorkflowAbility>;
