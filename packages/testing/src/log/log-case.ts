import type { SuiteCase } from "../suite/suite-case.ts";
import type { LogLab } from "./log-lab.ts";
import type { LogAbility } from "./log-setup.ts";

/** What must hold for logs. */
export type LogCase = SuiteCase<LogLab, LogAbility>;
