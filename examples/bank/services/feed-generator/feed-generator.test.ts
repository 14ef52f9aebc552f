import { testClient } from "@allium/testing";
import type { Service } from "allium";
import { expect, test } from "vitest";
import type { TransactionEnrichment } from "../transaction-enrichment/contract.ts";
import { FeedGenerator } from "./contract.ts";
import { feedGenerator } from "./service.ts";

const enrichment: Service<typeof TransactionEnrichment> = {
	enrich: async ({ transaction }) => ({
		transaction,
		merchant: { name: "Coffee & Co", emoji: "☕", category: "eating out" },
	}),
};

const at = "2026-01-01T12:00:00Z";
const entry = { account: "ann", balance: 95_80, at };

test("entries become items, in their order: payments with their merchant, transfers with the other account", async () => {
	await using client = testClient(FeedGenerator, feedGenerator(enrichment));
	const entries = [
		{ ...entry, id: "p-1", position: 1, change: -4_20, merchant: "COFFEE AND CO" },
		{ ...entry, id: "transfer t-1", position: 2, change: -1_00, other: "ben" },
		{ ...entry, id: "transfer t-2", position: 3, change: 1_00, other: "ben" },
		{ ...entry, id: "top-1", position: 4, change: 10_00 },
	];
	const { items } = await client.generate({ entries });
	expect(items[0]).toEqual({
		id: "p-1",
		account: "ann",
		title: "☕ Coffee & Co",
		body: "£4.20 · £95.80 left",
		at,
		position: 1,
	});
	expect(items.map(({ title }) => title)).toEqual(["☕ Coffee & Co", "↗ To ben", "↘ From ben", "➕ Top-up"]);
});
