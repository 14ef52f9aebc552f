import type { BrokerCase } from "./broker/broker-case.ts";
import { BrokerLab } from "./broker/broker-lab.ts";
import { type BrokerSetup, withoutBrokerAbility } from "./broker/broker-setup.ts";
import { deliveryCases } from "./broker/delivery-cases.ts";
import { endingCases } from "./broker/ending-cases.ts";
import { failureCases } from "./broker/failure-cases.ts";
import { groupCases } from "./broker/group-cases.ts";
import { hangCases } from "./broker/hang-cases.ts";
import { leaseCases } from "./broker/lease-cases.ts";
import { orderCases } from "./broker/order-cases.ts";
import { parkingCases } from "./broker/parking-cases.ts";
import { processCases } from "./broker/process-cases.ts";
import { troubleCases } from "./broker/trouble-cases.ts";
import { declareSuite } from "./suite/suite-case.ts";

export type { BrokerOpenOptions, BrokerSetup, CutBroker } from "./broker/broker-setup.ts";
export type { BackendOutage, BackendSetup, OpenOptions } from "./suite/backend-lab.ts";

/** Everything that must hold for a broker. */
export const brokerCases: readonly BrokerCase[] = [
	...deliveryCases,
	...groupCases,
	...orderCases,
	...failureCases,
	...hangCases,
	...parkingCases,
	...leaseCases,
	...processCases,
	...endingCases,
	...troubleCases,
];

/**
 * The conformance suite of the port `Broker`. It declares Vitest tests that hold for every backend. A case whose
 * feature is missing asserts the refusal, or is skipped and says so.
 *
 * @param setup Makes an empty backend; called before every test.
 *
 * @example
 * brokerSuite("memory", async () => {
 * 	const [topics, groups] = [new MemoryTopics(), new MemoryGroups()];
 * 	return {
 * 		ttlMs: 400,
 * 		open: async (options) => logBroker(memoryLog({ topics }), memoryGroupState({ groups }), options),
 * 		close: async () => {},
 * 	};
 * });
 */
export function brokerSuite(name: string, setup: () => Promise<BrokerSetup>): void {
	declareSuite(
		{
			title: `broker: ${name}`,
			lab: new BrokerLab(),
			cases: brokerCases,
			withoutAbility: withoutBrokerAbility,
		},
		setup,
	);
}
