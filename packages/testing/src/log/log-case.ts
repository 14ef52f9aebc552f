import type { SuiteCase } from "../suite/suite-case.ts";
import type { LogLab } from "./log-lab.ts";
import type { LogAbility } from "./log-setup.ts";

/** A conformance test of the port `Log`. */
export type LogCase = SuiteCase<LogLab, LogAbility>;
