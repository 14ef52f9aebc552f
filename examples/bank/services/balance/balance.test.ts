import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { eventStore } from "@allium/sqlite";
import { testClient } from "@allium/testing";
import { Context, isError, isServiceError, silentLogger } from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Balance } from "./contract.ts";
import { balance } from "./service.ts";

let folder: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-ledger-"));
});

afterEach(() => rm(folder, { recursive: true }));

async function opened() {
	const store = await eventStore(`sqlite://${folder}`);
	const client = testClient(Balance, balance(store, silentLogger));
	await client.open({ account: "ann", amount: 1_000 });
	return {
		client,
		async [Symbol.asyncDispose]() {
			await client[Symbol.asyncDispose]();
			await store.close();
		},
	};
}

const caught = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe("balance", () => {
	test("takes and gives", async () => {
		await using bank = await opened();
		expect(await bank.client.debit({ id: "1", account: "ann", amount: 300 })).toEqual({ balance: 700 });
		expect(await bank.client.credit({ id: "2", account: "ann", amount: 50 })).toEqual({ balance: 750 });
		expect(await bank.client.get({ account: "ann" })).toEqual({ balance: 750 });
	});

	test("moves money once for each id, and answers the same again", async () => {
		await using bank = await opened();
		const payment = { id: "1", account: "ann", amount: 300 };
		const answers = await Promise.all([1, 2, 3].map(() => bank.client.debit(payment)));
		expect(answers).toEqual(Array(3).fill({ balance: 700 }));
	});

	test("refuses an amount that is too large, names the balance, and repeats the refusal", async () => {
		await using bank = await opened();
		const tooMuch = { id: "1", account: "ann", amount: 1_001 };
		const refusal = await caught(bank.client.debit(tooMuch));
		expect(isError(refusal, Balance.debit.error.insufficient_funds) && refusal.data).toEqual({
			available: 1_000,
		});
		await bank.client.credit({ id: "2", account: "ann", amount: 500 });
		const again = await caught(bank.client.debit(tooMuch));
		expect(isError(again, Balance.debit.error.insufficient_funds)).toBe(true);
	});

	test("refuses an id that stands for something else", async () => {
		await using bank = await opened();
		await bank.client.debit({ id: "1", account: "ann", amount: 300 });
		const reused = await caught(bank.client.debit({ id: "1", account: "ann", amount: 301 }));
		expect(isError(reused, Balance.debit.error.id_reused)).toBe(true);
		await bank.client.open({ account: "ben", amount: 1_000 });
		const other = await caught(bank.client.debit({ id: "1", account: "ben", amount: 300 }));
		expect(isError(other, Balance.debit.error.id_reused)).toBe(true);
	});

	test("never spends more than there is, with two instances on one file", async () => {
		await using one = await opened();
		await using other = await opened();
		const payments = Array.from({ length: 40 }, async (_, index) => {
			const { client } = index % 2 === 0 ? one : other;
			return caught(client.debit({ id: `${index}`, account: "ann", amount: 50 }));
		});
		const refused = (await Promise.all(payments)).filter(isServiceError);
		expect(refused).toHaveLength(20);
		expect(await other.client.get({ account: "ann" })).toEqual({ balance: 0 });
	});

	test("waits while another process writes, and gives up with its caller: then nothing moved", async () => {
		await using bank = await opened();
		using writer = new DatabaseSync(join(folder, "events.db"));
		writer.exec("BEGIN IMMEDIATE");
		const payment = { id: "1", account: "ann", amount: 300 };
		const given = await caught(bank.client.debit(payment, Context.background().withTimeout(50)));
		expect(given).toMatchObject({ code: "deadline_exceeded" });
		const waiting = bank.client.debit({ id: "2", account: "ann", amount: 1_000 });
		writer.exec("ROLLBACK");
		expect(await waiting).toEqual({ balance: 0 });
	});
});
