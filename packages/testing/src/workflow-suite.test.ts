import { MemoryTopics } from "@allium/core/log-broker";
import { memoryEventStore } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { describe, expect, test } from "vitest";
import { flawedGroupState } from "./group-state/fixtures/flawed-group-state.ts";
import { flawedStore } from "./store/fixtures/flawed-store.ts";
import { storeMethods } from "./store/store-methods.ts";
import { verdictOf } from "./suite/suite-case.ts";
import { WorkflowLab } from "./workflow/workflow-lab.ts";
import type { WorkflowSetup } from "./workflow/workflow-setup.ts";
import { workflowCases, workflowSuite } from "./workflow-suite.ts";

/** The defects that a store can be given, to prove that the suite finds them. */
type Flaw = "checks versions, then inserts, and knows no ids" | "forgets delays" | "misplaces snapshots";

async function memory(flaw?: Flaw): Promise<WorkflowSetup> {
	const topics = new MemoryTopics();
	return {
		open: async () => broken(memoryEventStore({ topics }), flaw),
		close: async () => {},
		many: 10_000,
	};
}

function broken(store: EventStore, flaw: Flaw | undefined): EventStore {
	switch (flaw) {
		case undefined:
			return store;
		case "checks versions, then inserts, and knows no ids":
			return flawedStore(flawedStore(store, "forgets ids"), "checks, then inserts");
		case "forgets delays":
			return {
				...storeMethods(store),
				state: store.state && flawedGroupState(store.state, "forgets delays"),
			};
		case "misplaces snapshots":
			return {
				...storeMethods(store),
				saveSnapshot: (snapshot, ctx) =>
					store.saveSnapshot({ ...snapshot, version: snapshot.version + 1 }, ctx),
			};
	}
}

workflowSuite("memory", () => memory());

describe("the suite finds out a store that", () => {
	test.each<[flaw: Flaw, title: string]>([
		[
			"checks versions, then inserts, and knows no ids",
			"two executors of a run write one journal, with each result once, and do each thing once",
		],
		["forgets delays", "a run sleeps across restarts of its process, and no shorter than it was told"],
		["misplaces snapshots", "a run that restarts goes on with its new data alone, in whichever process"],
	])("%s: %s", async (flaw, title) => {
		const parts = { lab: new WorkflowLab(3_000), cases: workflowCases };
		expect(await verdictOf(title, parts, () => memory(flaw))).toBeInstanceOf(Error);
	});
});
