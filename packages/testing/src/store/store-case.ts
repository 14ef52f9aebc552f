import type { SuiteCase } from "../suite/suite-case.ts";
import type { EventStoreLab } from "./store-lab.ts";
import type { EventStoreAbility } from "./store-setup.ts";

/** A conformance test of the port `EventStore`. */
export type EventStoreCase = SuiteCase<EventStoreLab, EventStoreAbility>;
