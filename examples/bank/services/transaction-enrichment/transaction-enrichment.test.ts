import { testClient } from "@allium/testing";
import { type Service, ServiceError } from "allium";
import { expect, test } from "vitest";
import { Merchants } from "../merchant/contract.ts";
import { directory } from "../merchant/directory.ts";
import { merchants } from "../merchant/service.ts";
import { TransactionEnrichment } from "./contract.ts";
import { transactionEnrichment } from "./service.ts";

const down: Service<typeof Merchants> = {
	async find() {
		throw new ServiceError({ code: "unavailable" });
	},
};

async function merchantOf(name: string, service: Service<typeof Merchants>): Promise<unknown> {
	await using callee = testClient(Merchants, service);
	await using client = testClient(TransactionEnrichment, transactionEnrichment(callee));
	const at = new Date().toISOString();
	const { merchant } = await client.enrich({
		transaction: { id: "1", account: "ann", amount: 1, merchant: name, at },
	});
	return merchant;
}

test("a transaction gets the merchant that the directory knows", async () => {
	expect(await merchantOf("TFL TRAVEL", merchants(directory))).toEqual(directory.TFL);
});

test.each([
	["nobody knows the merchant", merchants(directory)],
	["nobody can be asked", down],
])("when %s it goes by what the terminal said", async (_, service) => {
	expect(await merchantOf("PUB CORNER", service)).toEqual({
		name: "Pub Corner",
		emoji: "💳",
		category: "general",
	});
});
