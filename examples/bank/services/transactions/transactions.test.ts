import { testClient } from "@allium/testing";
import { isError, type Service, ServiceError } from "allium";
import { describe, expect, test, vi } from "vitest";
import { Balance } from "../balance/contract.ts";
import type { FeedGenerator } from "../feed-generator/contract.ts";
import { Transactions } from "./contract.ts";
import { transactions } from "./service.ts";

const payment = { id: "1", account: "ann", amount: 420, merchant: "COFFEE" };

/** A service whose balance does as told, and what the others were told. */
function parts(debit: Service<typeof Balance>["debit"] = async () => ({ balance: 0 })) {
	const log = vi.fn();
	const generate = vi.fn<Service<typeof FeedGenerator>["generate"]>(async ({ transaction }) => ({
		...transaction,
		title: "",
		body: "",
		position: 1,
	}));
	const service = transactions({ balance: { debit }, feedGenerator: { generate }, logger: { log } });
	return { client: testClient(Transactions, service), generate, log };
}

describe("transactions", () => {
	test("takes the money, records, and tells the feed, once for each id", async () => {
		const debit = vi.fn(async () => ({ balance: 0 }));
		const { client, generate } = parts(debit);
		await using _ = client;
		const [first, second] = await Promise.all([client.record(payment), client.record(payment)]);
		expect(second).toEqual(first);
		expect(await client.record(payment)).toEqual(first);
		expect(await client.find({ id: "1" })).toEqual({ transaction: first });
		expect(generate).toHaveBeenCalledExactlyOnceWith({ transaction: first }, expect.anything());
	});

	test("records nothing when there is not enough money", async () => {
		const { client, generate } = parts(async () => {
			throw Balance.debit.error.insufficient_funds({ available: 3 });
		});
		await using _ = client;
		const error = await client.record(payment).catch((caught: unknown) => caught);
		expect(isError(error, Transactions.record.error.insufficient_funds) && error.data.available).toBe(3);
		expect(await client.find({ id: "1" })).toEqual({});
		expect(generate).not.toHaveBeenCalled();
	});

	test("refuses an id that stands for another payment", async () => {
		const { client } = parts();
		await using _ = client;
		await client.record(payment);
		const error = await client.record({ ...payment, amount: 1 }).catch((caught: unknown) => caught);
		expect(isError(error, Transactions.record.error.id_reused)).toBe(true);
	});

	test("does not wait for the feed, and goes on when it fails", async () => {
		const { client, generate, log } = parts();
		await using _ = client;
		const feed = Promise.withResolvers<never>();
		generate.mockReturnValueOnce(feed.promise);
		expect(await client.record(payment)).toMatchObject({ id: "1" });
		feed.reject(new ServiceError({ code: "unavailable" }));
		await vi.waitFor(() =>
			expect(log).toHaveBeenCalledWith("warn", expect.any(String), expect.objectContaining({ id: "1" })),
		);
	});
});
