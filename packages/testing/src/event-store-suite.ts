import { deciderCases } from "./store/decider-cases.ts";
import { openingCases } from "./store/opening-cases.ts";
import { orderCases } from "./store/order-cases.ts";
import { outageCases } from "./store/outage-cases.ts";
import { outcomeCases } from "./store/outcome-cases.ts";
import { processCases } from "./store/process-cases.ts";
import { readingCases } from "./store/reading-cases.ts";
import { repetitionCases } from "./store/repetition-cases.ts";
import { snapshotCases } from "./store/snapshot-cases.ts";
import type { EventStoreCase } from "./store/store-case.ts";
import { EventStoreLab } from "./store/store-lab.ts";
import { type EventStoreSetup, withoutEventStoreAbility } from "./store/store-setup.ts";
import { textCases } from "./store/text-cases.ts";
import { transactionCases } from "./store/transaction-cases.ts";
import { versionCases } from "./store/version-cases.ts";
import { declareSuite } from "./suite/suite-case.ts";

export type { EventStoreSetup } from "./store/store-setup.ts";
export type { BackendOutage, BackendSetup, OpenOptions } from "./suite/backend-lab.ts";

/** Everything that must hold for an event store. */
export const eventStoreCases: readonly EventStoreCase[] = [
	...versionCases,
	...repetitionCases,
	...outcomeCases,
	...readingCases,
	...textCases,
	...orderCases,
	...transactionCases,
	...deciderCases,
	...snapshotCases,
	...openingCases,
	...processCases,
	...outageCases,
];

/**
 * The conformance suite of the port `EventStore`. It declares Vitest tests that hold for every backend; its log passes
 * `logSuite`, too. A backend on a server gives more than `open`: a `target` for the fault proxy, an `outage`, a
 * `program`, an `idleWriter`.
 *
 * @param setup Makes an empty backend; called before every test, and again where a test needs a second one.
 *
 * @example
 * eventStoreSuite("memory", async () => {
 * 	const topics = new MemoryTopics();
 * 	return { open: async () => memoryEventStore({ topics }), close: async () => {} };
 * });
 */
export function eventStoreSuite(name: string, setup: () => Promise<EventStoreSetup>): void {
	declareSuite(
		{
			title: `event store: ${name}`,
			lab: new EventStoreLab(),
			cases: eventStoreCases,
			withoutAbility: withoutEventStoreAbility,
		},
		setup,
	);
}
