import { MemoryViews, memoryViewStore } from "@allium/core/memory-store";
import { describe, expect, test } from "vitest";
import { verdictOf } from "./suite/suite-case.ts";
import { flawedViewStore, type ViewFlaw } from "./view/fixtures/flawed-view-store.ts";
import { ViewLab, type ViewSetup } from "./view/view-lab.ts";
import { viewCases, viewSuite } from "./view-suite.ts";

async function memory(flaw?: ViewFlaw): Promise<ViewSetup> {
	const views = new MemoryViews();
	return {
		async open() {
			const store = memoryViewStore({ views });
			return flaw === undefined ? store : flawedViewStore(store, flaw);
		},
		close: async () => {},
	};
}

viewSuite("memory", () => memory());

describe("the suite finds out a view store that", () => {
	test.each<[flaw: ViewFlaw, title: string]>([
		["no fencing", "a change under an old epoch is refused, and changes nothing"],
		[
			"places outside of the transaction",
			"a change that races with a claim is in what the claim finds whole, or refused whole",
		],
		["claims without comparing", "of many who claim a build under one epoch, one takes it"],
		["switches to what is not built", "readers are switched back to a build that was built, and to no other"],
	])("%s: %s", async (flaw, title) => {
		const parts = { lab: new ViewLab(2_000), cases: viewCases };
		expect(await verdictOf(title, parts, () => memory(flaw))).toBeInstanceOf(Error);
	});
});
