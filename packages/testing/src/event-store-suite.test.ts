import { MemoryTopics } from "@allium/core/log-broker";
import { memoryEventStore } from "@allium/core/memory-store";
import { describe, expect, test } from "vitest";
import { eventStoreCases, eventStoreSuite } from "./event-store-suite.ts";
import { logSuite } from "./log-suite.ts";
import { type EventStoreFlaw, flawedStore } from "./store/fixtures/flawed-store.ts";
import { EventStoreLab } from "./store/store-lab.ts";
import type { EventStoreSetup } from "./store/store-setup.ts";
import { verdictOf } from "./suite/suite-case.ts";

async function memory(flaw?: EventStoreFlaw): Promise<EventStoreSetup> {
	const topics = new MemoryTopics();
	const open = () => memoryEventStore({ topics });
	return {
		open: async () => (flaw === undefined ? open() : flawedStore(open(), flaw)),
		close: async () => {},
		slowTransactions: true,
	};
}

eventStoreSuite("memory", () => memory());

logSuite("the log of an event store in memory", async () => {
	const topics = new MemoryTopics();
	return { open: async () => memoryEventStore({ topics }).log, close: async () => {} };
});

describe("the suite finds out an event store that", () => {
	const outcomeRace =
		"of 16 attempts of one call at once one is appended, and the others are told its outcome";
	const listing =
		"streams are listed with topic and version, by prefix and page by page, sorted by code points";
	test.each<[flaw: EventStoreFlaw, title: string]>([
		["checks, then inserts", "of 100 writers with one expectation one wins"],
		["reader by sequence", "followers under 16 racing writers miss nothing, and see each event once"],
		["leaves holes", "positions are dense, also where appends were refused or undone"],
		["appends streams one by one", "several streams: the last conflict undoes the first"],
		["tears appends", "reading finds an append whole or not at all"],
		[
			"tells the expected version",
			"an expected version that the stream has not is refused, with the actual one in the error",
		],
		[
			"forgets ids",
			"the same ids again answer the first result, whatever was expected and whatever came behind",
		],
		["trusts ids", "the same ids with other data are refused"],
		["completes appends", "half old, half new: refused"],
		[
			"checks versions first",
			"the same ids again answer the first result, whatever was expected and whatever came behind",
		],
		["keeps outcomes first", "a refused append keeps no outcome"],
		["keeps outcomes afterwards", outcomeRace],
		["looks for outcomes last", "an outcome that is known is told before all else, and nothing is appended"],
		["does not roll back", "a transaction whose work fails is rolled back whole"],
		[
			"takes late snapshots",
			"a snapshot takes the place of an older one, and an older one that comes late does not",
		],
		["looks behind snapshots", "what a cause made is found in its stream, in order, wherever it lies"],
		["folds names", "hostile names of streams come back as they were, and are not taken for each other"],
		["lists by pattern", listing],
		["lists by UTF-16", listing],
		["ignores the bytes of a page", "a page keeps to its bytes, and one event that is larger comes alone"],
		[
			"reads backwards from the start",
			"a stream is read forwards and backwards, behind a version, and as far as a limit",
		],
		[
			"answers after it was closed",
			"a closed store refuses what is asked of it, its log, too, and closes twice",
		],
	])("%s: %s", async (flaw, title) => {
		const parts = { lab: new EventStoreLab(2_000), cases: eventStoreCases };
		expect(await verdictOf(title, parts, () => memory(flaw))).toBeInstanceOf(Error);
	});
});
