import { afterEach, beforeEach, describe } from "vitest";
import { backpressureTests } from "./calls/backpressure.ts";
import { CallLab } from "./calls/call-lab.ts";
import { cancellationTests } from "./calls/cancellation.ts";
import { Cases } from "./calls/cases.ts";
import { deadlineTests } from "./calls/deadlines.ts";
import { errorTests } from "./calls/errors.ts";
import { inputEndTests } from "./calls/input-end.ts";
import { lifecycleTests } from "./calls/lifecycle.ts";
import { loadTests } from "./calls/load.ts";
import { messageTests } from "./calls/messages.ts";
import { metadataTests } from "./calls/metadata.ts";
import type { CallSetup, CallSuiteOptions } from "./calls/setup.ts";

export type { CallCapability, CallSetup, CallSuiteOptions, CallVersion } from "./calls/setup.ts";

/**
 * The conformance suite of calls. It declares Vitest tests for what every transport must guarantee, for each kind of
 * method.
 *
 * @param setup Makes the transport; called before every test.
 *
 * @example
 * callSuite("frames", async () => {
 * 	const transport = frames();
 * 	return { transport, listen: (endpoints, address) => transport.listen(endpoints, address ? { address } : {}) };
 * });
 */
export function callSuite(
	name: string,
	setup: () => Promise<CallSetup>,
	options: CallSuiteOptions = {},
): void {
	describe(`calls: ${name}`, () => {
		const lab = new CallLab();
		const cases = new Cases(lab, options);
		beforeEach(async () => lab.begin(await setup()));
		afterEach(() => lab.end());
		declareCalls(cases);
	});
}

/** Everything that must hold for a transport. */
function declareCalls(cases: Cases): void {
	messageTests(cases);
	metadataTests(cases);
	errorTests(cases);
	deadlineTests(cases);
	cancellationTests(cases);
	inputEndTests(cases);
	backpressureTests(cases);
	loadTests(cases);
	lifecycleTests(cases);
}

/**
 * Runs one case, found by its title. Returns the error that it threw. The test of the suite uses it to check that a case
 * detects a broken transport.
 */
export async function callVerdict(title: string, setup: CallSetup): Promise<unknown> {
	const lab = new CallLab();
	let found: (() => Promise<void>) | undefined;
	const cases = new Cases(lab, {}, (each, run) => {
		if (each === title) found = run;
	});
	declareCalls(cases);
	if (found === undefined) throw new Error(`the suite has no case "${title}"`);
	await lab.begin(setup);
	try {
		await found();
		return undefined;
	} catch (error) {
		return error;
	} finally {
		await lab.end();
	}
}
