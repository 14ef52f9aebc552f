import { scheduleCases } from "./schedule/schedule-cases.ts";
import { ScheduleLab, type ScheduleSetup } from "./schedule/schedule-lab.ts";
import { declareSuite } from "./suite/suite-case.ts";

export type { ScheduleSetup } from "./schedule/schedule-lab.ts";
export type { BackendOutage, BackendSetup, OpenOptions } from "./suite/backend-lab.ts";

/**
 * The conformance suite of schedules on an event store. It declares Vitest tests that hold for every such store. Each
 * test runs an app in processes of its own, and kills some.
 *
 * @param setup Makes an empty backend; called before every test.
 *
 * @example
 * scheduleSuite("postgres", async () => ({
 * 	open: () => eventStore(url),
 * 	program: new URL("fixtures/schedule-worker.ts", import.meta.url),
 * 	url,
 * 	close: async () => {},
 * }));
 */
export function scheduleSuite(name: string, setup: () => Promise<ScheduleSetup>): void {
	declareSuite(
		{ title: `schedules: ${name}`, lab: new ScheduleLab(), cases: scheduleCases, withoutAbility: {} },
		setup,
	);
}
