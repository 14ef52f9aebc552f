import { MemoryTopics, memoryLog } from "@allium/core/log-broker";
import { describe, expect, test } from "vitest";
import { flawedLog, type LogFlaw } from "./log/fixtures/flawed-log.ts";
import { LogLab } from "./log/log-lab.ts";
import type { LogSetup } from "./log/log-setup.ts";
import { logCases, logSuite } from "./log-suite.ts";
import { verdictOf } from "./suite/suite-case.ts";

async function memory(flaw?: LogFlaw): Promise<LogSetup> {
	const topics = new MemoryTopics();
	return {
		open: async () => (flaw === undefined ? memoryLog({ topics }) : flawedLog(memoryLog({ topics }), flaw)),
		putText: async (topic, lane, text) => topics.putText(topic, lane, text),
		close: async () => {},
	};
}

logSuite("memory", () => memory());

describe("the suite finds out a log that", () => {
	test.each<[flaw: LogFlaw, title: string]>([
		[
			"reader by sequence",
			"16 publishers race: a follower sees each event once, and none appears before its next page",
		],
		["forgets ids", "an id that is published twice is one event, where ids are remembered"],
		["adds until it fails", "an event over the size limit is refused by name before anything is added"],
		["adds in any order", "one publisher's events of a key are in the order of its calls"],
		["ignores the bytes of a page", "a page keeps to its bytes, and one event that is larger comes alone"],
		["withholds large events", "a page keeps to its bytes, and one event that is larger comes alone"],
		[
			"takes events from others",
			"readers at different places of one handle each have all that lies behind their own place",
		],
		["folds keys", "hostile keys come back as they were, and are not taken for each other"],
		["finds any event", "an event is found by its id, where the log has an index of ids"],
		["polls slowly", "what another handle publishes wakes within 250 ms"],
		["leaves waits behind", "a thousand waits leave nothing behind"],
		[
			"is silent about losses",
			"what retention by size took is told as lost, and reading goes on at what is kept",
		],
		["guesses how long it keeps", "a topic tells how long it keeps events, whatever later openers ask for"],
		["trusts cursors", "a cursor of a log with another history has diverged"],
		[
			"drops faults",
			"a text of a stranger that is no event is told as a fault, and what lies behind it comes",
		],
		["answers after it was closed", "a closed log refuses what is asked of it, and closes twice"],
	])("%s: %s", async (flaw, title) => {
		const parts = { lab: new LogLab(2_000), cases: logCases };
		expect(await verdictOf(title, parts, () => memory(flaw))).toBeInstanceOf(Error);
	});
});
