import { contract, event, method } from "@allium/core";
import { decider } from "@allium/events";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { spec } from "./spec.ts";

const account = z.string();
const amount = z.int().positive();
const Account = contract("account", {
	deposit: method({ input: z.object({ account, amount }) }),
	withdraw: method({
		input: z.object({ account, amount }),
		errors: { insufficient_funds: { code: "failed_precondition", data: z.object({ balance: z.int() }) } },
	}),
	close: method({ input: z.object({ account }) }),
	deposited: event({
		key: "account",
		data: z.object({ account, amount, currency: z.string().default("EUR") }),
	}),
	withdrawn: event({ key: "account", data: z.object({ account, amount }) }),
	closed: event({ key: "account", data: z.object({ account, at: z.string(), receipt: z.string() }) }),
});

const ledger = decider(Account, {
	id: "account",
	initial: { balance: 0 },
	decide: {
		deposit: (input) => Account.deposited(input),
		withdraw(input, { balance }) {
			if (balance < input.amount) throw Account.withdraw.error.insufficient_funds({ balance });
			return Account.withdrawn(input);
		},
		close: ({ account }, { balance }, { now, newId }) =>
			balance === 0 ? [] : Account.closed({ account, at: now.toISOString(), receipt: newId() }),
	},
	evolve: {
		deposited: ({ balance }, { amount }) => ({ balance: balance + amount }),
		withdrawn: ({ balance }, { amount }) => ({ balance: balance - amount }),
		closed: () => ({ balance: 0 }),
	},
});
const a = { account: "a" };
const deposited = Account.deposited({ ...a, amount: 50 });

describe("a specification that holds passes", () => {
	test("of events, compared as their schemas yield them", () => {
		spec(ledger)
			.given(deposited)
			.when("withdraw", { ...a, amount: 30 })
			.then(Account.withdrawn({ ...a, amount: 30 }));
		spec(ledger)
			.when("deposit", { ...a, amount: 1 })
			.then(Account.deposited({ ...a, amount: 1, currency: "EUR" }));
	});

	test("of nothing", () => {
		spec(ledger).when("close", a).then();
	});

	test("of a declared error, with its data or without", () => {
		const refused = spec(ledger)
			.given(deposited)
			.when("withdraw", { ...a, amount: 51 });
		refused.thenError(Account.withdraw.error.insufficient_funds);
		refused.thenError(Account.withdraw.error.insufficient_funds, { balance: 50 });
	});

	test("with the same time and ids in each run, or with those that are given", () => {
		const closed = { ...a, at: "1970-01-01T00:00:00.000Z", receipt: "00000000-0000-7000-8000-000000000001" };
		spec(ledger).given(deposited).when("close", a).then(Account.closed(closed));
		const tools = { now: new Date(1000), newId: () => "r" };
		const given = { ...a, at: "1970-01-01T00:00:01.000Z", receipt: "r" };
		spec(ledger).given(deposited).when("close", a, tools).then(Account.closed(given));
	});
});

describe("a specification that does not hold fails, and shows both sides", () => {
	const withdraw = (amount: number) =>
		spec(ledger)
			.given(deposited)
			.when("withdraw", { ...a, amount });

	test("of events", () => {
		expect(() => withdraw(30).then(Account.withdrawn({ ...a, amount: 31 }))).toThrow(
			[
				"account: withdraw came to something else",
				'  given    account.deposited {"account":"a","amount":50,"currency":"EUR"}',
				'  when     withdraw {"account":"a","amount":30}',
				'  then     account.withdrawn {"account":"a","amount":31}',
				'  but got  account.withdrawn {"account":"a","amount":30}',
			].join("\n"),
		);
		expect(() => withdraw(30).then()).toThrow("then     nothing\n");
	});

	test("of an error where events follow, and of events where an error does", () => {
		expect(() => withdraw(30).thenError(Account.withdraw.error.insufficient_funds)).toThrow(
			'but got  account.withdrawn {"account":"a","amount":30}',
		);
		expect(() => withdraw(51).then()).toThrow(
			'but got  {"error":"insufficient_funds","code":"failed_precondition","data":{"balance":50}}',
		);
	});

	test("of other data of the error", () => {
		expect(() => withdraw(51).thenError(Account.withdraw.error.insufficient_funds, { balance: 1 })).toThrow(
			/"balance":1\}/,
		);
	});

	test("with given events that are not valid", () => {
		const invalid = spec(ledger).given(Account.deposited({ ...a, amount: -1 }));
		expect(() => invalid.when("close", a).then()).toThrow(
			/the data of account\.deposited are not valid: amount/,
		);
	});
});

test("a specification is typed by the method", () => {
	const withdraw = spec(ledger).when("withdraw", { ...a, amount: 1 });
	const typed = (): void => {
		// @ts-expect-error a method that the decider does not decide
		spec(ledger).when("open", a);
		// @ts-expect-error another input
		spec(ledger).when("withdraw", a);
		// @ts-expect-error no error of the method
		spec(ledger).when("close", a).thenError(Account.withdraw.error.insufficient_funds);
		// @ts-expect-error other data
		withdraw.thenError(Account.withdraw.error.insufficient_funds, { owner: "ann" });
	};
	expect(typed).toBeTypeOf("function");
});
