import { contract, event, method } from "@allium/core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { decider } from "./decider.ts";
import { Account, ledger } from "./fixtures/account.ts";

describe("a decider", () => {
	test("is named after its contract, and has version 1", () => {
		expect(ledger).toMatchObject({ name: "account", version: 1, snapshotEvery: undefined, id: "account" });
	});

	test("is a value of pure functions, to be called alone", () => {
		const tools = { now: new Date(0), newId: () => "1" };
		const state = ledger.evolve.deposited(ledger.initial, { account: "a", amount: 5 });
		expect(state.balance).toBe(5);
		const withdrawn = ledger.decide.withdraw({ account: "a", amount: 5 }, state, tools);
		expect(withdrawn).toMatchObject({ type: "account.withdrawn", data: { account: "a", amount: 5 } });
	});

	test("freezes its initial state, which all streams share", () => {
		const initial = { items: [{ name: "a" }] };
		const made = decider(Account, { ...ledgerInit(), initial });
		expect(() => made.initial.items.push({ name: "b" })).toThrow(TypeError);
	});
});

function ledgerInit() {
	return {
		id: "account",
		decide: {},
		evolve: { opened: same, deposited: same, withdrawn: same, frozen: same },
	} as const;
}

function same<S>(state: S): S {
	return state;
}

describe("a decider that no compiler checked is refused", () => {
	const untyped = decider as (contract: unknown, init: object) => unknown;
	const Read = contract("read", {
		get: method({ input: z.object({ id: z.string() }), effect: "read" }),
		happened: event({ key: "id", data: z.object({ id: z.string() }) }),
	});
	const Keyless = contract("keyless", { happened: event({ data: z.string() }) });

	test.each([
		[
			"without a function for an event",
			Account,
			{ evolve: {} },
			/evolve\.opened is missing; .* of account\.opened/,
		],
		[
			"for an event without a key",
			Keyless,
			{ evolve: { happened: same } },
			/keyless\.happened has no key; .* as the key/,
		],
		["for a contract without events", contract("none", {}), {}, /its contract declares no events/],
		[
			"that decides a method that reads",
			Read,
			{ decide: { get: same }, evolve: { happened: same } },
			/decide\.get is no method .* that writes/,
		],
		[
			"that decides a method that is not there",
			Account,
			{ decide: { toString: same } },
			/decide\.toString is no method/,
		],
		[
			"whose decision is no function",
			Account,
			{ decide: { deposit: 1 } },
			/decide\.deposit is a number, and no function/,
		],
		["with a name that is none", Account, { name: "a/b" }, /a decider is named "a\/b"; names have/],
		[
			"with a version that is none",
			Account,
			{ version: 0 },
			/the decider account: version is 0; it is 1, 2, 3/,
		],
		["with snapshots that never come", Account, { snapshotEvery: 1.5 }, /snapshotEvery is 1\.5/],
	])("%s", (_, of, init, message) => {
		expect(() => untyped(of, { initial: 0, ...ledgerInit(), ...init })).toThrow(message);
	});
});
