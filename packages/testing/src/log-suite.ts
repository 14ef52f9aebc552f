import { keepingCases } from "./log/keeping-cases.ts";
import type { LogCase } from "./log/log-case.ts";
import { LogLab } from "./log/log-lab.ts";
import { type LogSetup, withoutLogAbility } from "./log/log-setup.ts";
import { openingCases } from "./log/opening-cases.ts";
import { outageCases } from "./log/outage-cases.ts";
import { processCases } from "./log/process-cases.ts";
import { publishCases } from "./log/publish-cases.ts";
import { readingCases } from "./log/reading-cases.ts";
import { textCases } from "./log/text-cases.ts";
import { waitingCases } from "./log/waiting-cases.ts";
import { declareSuite } from "./suite/suite-case.ts";

export type { LogSetup } from "./log/log-setup.ts";
export type { BackendOutage, BackendSetup, OpenOptions } from "./suite/backend-lab.ts";

/** Everything that must hold for a log. */
export const logCases: readonly LogCase[] = [
	...publishCases,
	...readingCases,
	...waitingCases,
	...keepingCases,
	...textCases,
	...openingCases,
	...processCases,
	...outageCases,
];

/**
 * The conformance suite of the port `Log`. It declares Vitest tests that hold for every backend. A backend on a server
 * gives more than `open`: a `target` for the fault proxy, an `outage`, a `program`.
 *
 * @param setup Makes an empty backend; called before every test, and again where a test needs a second one.
 *
 * @example
 * logSuite("memory", async () => {
 * 	const topics = new MemoryTopics();
 * 	return { open: async () => memoryLog({ topics }), close: async () => {} };
 * });
 */
export function logSuite(name: string, setup: () => Promise<LogSetup>): void {
	declareSuite(
		{ title: `log: ${name}`, lab: new LogLab(), cases: logCases, withoutAbility: withoutLogAbility },
		setup,
	);
}
