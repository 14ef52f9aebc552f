import { testClient } from "@allium/testing";
import { isError, type Service } from "allium";
import { describe, expect, test, vi } from "vitest";
import { Balance } from "../balance/contract.ts";
import { Transactions } from "./contract.ts";
import { transactions } from "./service.ts";

const payment = { id: "1", account: "ann", amount: 420, merchant: "COFFEE" };

/** A service with the given balance service. */
function withBalance(debit: Service<typeof Balance>["debit"] = async () => ({ balance: 0 })) {
	return testClient(Transactions, transactions({ debit }));
}

describe("transactions", () => {
	test("takes the money for a merchant, and records, once for each id", async () => {
		const debit = vi.fn(async () => ({ balance: 0 }));
		await using client = withBalance(debit);
		const [first, second] = await Promise.all([client.record(payment), client.record(payment)]);
		expect(second).toEqual(first);
		expect(await client.record(payment)).toEqual(first);
		expect(await client.find({ id: "1" })).toEqual({ transaction: first });
		expect(debit).toHaveBeenCalledWith(payment, expect.anything());
	});

	test("records nothing when there is not enough money", async () => {
		await using client = withBalance(async () => {
			throw Balance.debit.error.insufficient_funds({ available: 3 });
		});
		const error = await client.record(payment).catch((caught: unknown) => caught);
		expect(isError(error, Transactions.record.error.insufficient_funds) && error.data.available).toBe(3);
		expect(await client.find({ id: "1" })).toEqual({});
	});

	test("refuses an id that stands for another payment", async () => {
		await using client = withBalance();
		await client.record(payment);
		const error = await client.record({ ...payment, amount: 1 }).catch((caught: unknown) => caught);
		expect(isError(error, Transactions.record.error.id_reused)).toBe(true);
	});
});
