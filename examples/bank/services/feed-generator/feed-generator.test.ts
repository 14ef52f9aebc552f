import { testClient } from "@allium/testing";
import type { Service } from "allium";
import { expect, test } from "vitest";
import type { Balance } from "../balance/contract.ts";
import type { Feed } from "../feed/contract.ts";
import type { TransactionEnrichment } from "../transaction-enrichment/contract.ts";
import { FeedGenerator } from "./contract.ts";
import { feedGenerator } from "./service.ts";

const enrichment: Service<typeof TransactionEnrichment> = {
	enrich: async ({ transaction }) => ({
		transaction,
		merchant: { name: "Coffee & Co", emoji: "☕", category: "eating out" },
	}),
};

const balance: Pick<Service<typeof Balance>, "get"> = { get: async () => ({ balance: 95_80 }) };
const feed: Pick<Service<typeof Feed>, "add"> = { add: async (item) => ({ ...item, position: 1 }) };

test("a transaction becomes an item with its merchant and the remaining balance", async () => {
	await using client = testClient(FeedGenerator, feedGenerator({ enrichment, balance, feed }));
	const at = "2026-01-01T12:00:00Z";
	const transaction = { id: "1", account: "ann", amount: 4_20, merchant: "COFFEE AND CO", at };
	expect(await client.generate({ transaction })).toEqual({
		id: "1",
		account: "ann",
		title: "☕ Coffee & Co",
		body: "£4.20 · £95.80 left",
		at,
		position: 1,
	});
});
