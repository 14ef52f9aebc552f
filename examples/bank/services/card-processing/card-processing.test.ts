import { testClient } from "@allium/testing";
import { type Context, isError, type Service } from "allium";
import { describe, expect, test, vi } from "vitest";
import type { Transaction } from "../../payment.ts";
import { Cards } from "../cards/contract.ts";
import { cards } from "../cards/service.ts";
import { Transactions } from "../transactions/contract.ts";
import { CardProcessing } from "./contract.ts";
import { cardProcessing } from "./service.ts";

const payment = { id: "1", card: "one", amount: 420, merchant: "COFFEE" };
const made: Transaction = {
	id: "1",
	account: "ann",
	amount: 420,
	merchant: "COFFEE",
	at: "2026-01-01T12:00:00Z",
};

/** Transactions that all succeed, and a record of them. */
function recorder(known?: Transaction) {
	const record = vi.fn<Service<typeof Transactions>["record"]>(async () => made);
	const service: Service<typeof Transactions> = {
		record,
		find: async () => (known === undefined ? {} : { transaction: known }),
	};
	return { record, service };
}

const keeping = (state: "active" | "frozen") => cards([{ card: "one", account: "ann", state }]);

describe("card-processing", () => {
	test("records the payment on the account of the card", async () => {
		const { record, service } = recorder();
		await using client = testClient(
			CardProcessing,
			cardProcessing({ cards: keeping("active"), transactions: service }),
		);
		expect(await client.authorise(payment)).toEqual(made);
		expect(record).toHaveBeenCalledExactlyOnceWith(
			{ id: "1", account: "ann", amount: 420, merchant: "COFFEE" },
			expect.anything(),
		);
	});

	test("refuses a frozen card, and records nothing", async () => {
		const { record, service } = recorder();
		await using client = testClient(
			CardProcessing,
			cardProcessing({ cards: keeping("frozen"), transactions: service }),
		);
		const error = await client.authorise(payment).catch((caught: unknown) => caught);
		expect(isError(error, CardProcessing.authorise.error.card_frozen)).toBe(true);
		expect(record).not.toHaveBeenCalled();
	});

	test("answers for a payment that was made before its card was frozen", async () => {
		const { service } = recorder(made);
		await using client = testClient(
			CardProcessing,
			cardProcessing({ cards: keeping("frozen"), transactions: service }),
		);
		expect(await client.authorise(payment)).toEqual(made);
	});

	test("asks no further for a card that is unknown: what it asked at the same time is cancelled", async () => {
		const asked = Promise.withResolvers<Context>();
		const hangs: Service<typeof Transactions> = {
			record: recorder().record,
			find: (_, ctx) => {
				asked.resolve(ctx);
				return new Promise(() => {});
			},
		};
		const afterBoth: Service<typeof Cards> = {
			...cards([]),
			async get() {
				await asked.promise;
				throw Cards.get.error.unknown_card();
			},
		};
		await using remote = testClient(Transactions, hangs);
		await using client = testClient(
			CardProcessing,
			cardProcessing({ cards: afterBoth, transactions: remote }),
		);
		const error = await client.authorise(payment).catch((caught: unknown) => caught);
		expect(isError(error, CardProcessing.authorise.error.unknown_card)).toBe(true);
		const { signal } = await asked.promise;
		await vi.waitFor(() => expect(signal.aborted).toBe(true));
	});
});
