import type { SuiteCase } from "../suite/suite-case.ts";
import type { BrokerLab } from "./broker-lab.ts";
import type { BrokerAbility } from "./broker-setup.ts";

/** A conformance test of the port `Broker`. */
export type BrokerCase = SuiteCase<BrokerLab, BrokerAbility>;
