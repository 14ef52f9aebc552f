import { testClient } from "@allium/testing";
import { isError, type Service } from "allium";
import { expect, test } from "vitest";
import { CardProcessing } from "../card-processing/contract.ts";
import { cards } from "../cards/service.ts";
import { CardApi } from "./contract.ts";
import { cardApi } from "./service.ts";

const kept = cards([{ card: "one", account: "ann", state: "active" }]);

const refuses: Service<typeof CardProcessing> = {
	async authorise() {
		throw CardProcessing.authorise.error.insufficient_funds({ available: 3 });
	},
};

test("a card is frozen where cards are kept", async () => {
	await using client = testClient(CardApi, cardApi({ cards: kept, processing: refuses }));
	await client.setFrozen({ card: "one", frozen: true });
	expect(await client.list({ account: "ann" })).toMatchObject({ cards: [{ card: "one", state: "frozen" }] });
});

test("why a payment is refused passes through, with its data", async () => {
	await using processing = testClient(CardProcessing, refuses);
	await using client = testClient(CardApi, cardApi({ cards: kept, processing }));
	const payment = { id: "1", card: "one", amount: 420, merchant: "COFFEE" };
	const error = await client.pay(payment).catch((caught: unknown) => caught);
	expect(isError(error, CardApi.pay.error.insufficient_funds) && error.data).toEqual({ available: 3 });
});
