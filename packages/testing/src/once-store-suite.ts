import { onceStoreCases } from "./once-store/once-store-cases.ts";
import { OnceStoreLab, type OnceStoreSetup, withoutOnceStoreAbility } from "./once-store/once-store-setup.ts";
import { declareSuite } from "./suite/suite-case.ts";

export type { OnceStoreSetup } from "./once-store/once-store-setup.ts";
export type { BackendOutage, BackendSetup, OpenOptions } from "./suite/backend-lab.ts";

/**
 * The conformance suite of the port `OnceStore`. It declares Vitest tests that hold for every backend.
 *
 * @param setup Makes an empty backend; called before every test.
 *
 * @example
 * onceStoreSuite("memory", async () => {
 * 	const store = memoryOnceStore();
 * 	return { open: async () => store, close: async () => {} };
 * });
 */
export function onceStoreSuite(name: string, setup: () => Promise<OnceStoreSetup>): void {
	declareSuite(
		{
			title: `store of once: ${name}`,
			lab: new OnceStoreLab(),
			cases: onceStoreCases,
			withoutAbility: withoutOnceStoreAbility,
		},
		setup,
	);
}
