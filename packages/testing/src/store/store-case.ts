import type { SuiteCase } from "../suite/suite-case.ts";
import type { EventStoreLab } from "./store-lab.ts";
import type { EventStoreAbility } from "./store-setup.ts";

/** What must hold for event stores. */
export type EventStoreCase = SuiteCase<EventStoreLab, EventStoreAbility>;
