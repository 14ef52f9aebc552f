import { memoryOnceStore } from "@allium/core";
import { describe, expect, test } from "vitest";
import { flawedOnceStore, type OnceStoreFlaw } from "./once-store/fixtures/flawed-once-store.ts";
import { onceStoreCases } from "./once-store/once-store-cases.ts";
import { OnceStoreLab, type OnceStoreSetup } from "./once-store/once-store-setup.ts";
import { onceStoreSuite } from "./once-store-suite.ts";
import { verdictOf } from "./suite/suite-case.ts";

async function memory(flaw?: OnceStoreFlaw): Promise<OnceStoreSetup> {
	const whole = memoryOnceStore();
	const store = flaw === undefined ? whole : flawedOnceStore(whole, flaw);
	return { open: async () => store, close: async () => {} };
}

onceStoreSuite("memory", () => memory());

describe("the suite finds out a store of once that", () => {
	const lost = "a mark that expired leaves the call to the next attempt, and the one before has lost it";
	test.each<[flaw: OnceStoreFlaw, title: string]>([
		["begins in two steps", "of many attempts at once, exactly one gets the call"],
		["no fencing", lost],
		["abandons for others", "only the attempt that has the call renews, ends or abandons it"],
		["marks for ever", lost],
		["drops what expired", "an attempt whose mark expired may still end a call that nobody has taken over"],
		["keeps outcomes for ever", "an outcome is forgotten when its time is over"],
		["does not renew", "a mark lasts from its renewal on"],
		["keys without case", "calls with different keys have nothing in common"],
	])("%s: %s", async (flaw, title) => {
		const parts = { lab: new OnceStoreLab(500), cases: onceStoreCases };
		expect(await verdictOf(title, parts, () => memory(flaw))).toBeInstanceOf(Error);
	});
});
