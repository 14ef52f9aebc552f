import type { SuiteCase } from "../suite/suite-case.ts";
import type { BrokerLab } from "./broker-lab.ts";
import type { BrokerAbility } from "./broker-setup.ts";

/** What must hold for brokers. */
export type BrokerCase = SuiteCase<BrokerLab, BrokerAbility>;
