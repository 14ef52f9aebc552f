import { contract, type EventOf, event, method } from "@allium/core";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import { type Decider, decider } from "./decider.ts";
import type { CommandName } from "./decision.ts";

const account = z.string();
const amount = z.int().positive();
const Money = z.object({ balance: z.int() });
const Account = contract("account", {
	open: method({
		input: z.object({ account, owner: z.string() }),
		errors: { exists: { code: "already_exists" } },
	}),
	deposit: method({ input: z.object({ account, amount }), output: Money }),
	withdraw: method({
		input: z.object({ account, amount }),
		output: Money,
		effect: "idempotent",
		errors: { insufficient_funds: { code: "failed_precondition", data: Money } },
	}),
	close_all: method({ input: z.object({ owner: z.string() }) }),
	statement: method({ input: z.object({ account }), output: Money, effect: "read" }),
	opened: event({ key: "account", data: z.object({ account, owner: z.string() }) }),
	deposited: event({ key: "account", data: z.object({ account, amount, at: z.string().default("") }) }),
	withdrawn: event({ key: "account", data: z.object({ account, amount }) }),
});
type Account = typeof Account;

interface State {
	readonly open: boolean;
	readonly balance: number;
}
const initial: State = { open: false, balance: 0 };

// A command is a method that writes and has the id in its input.
expectTypeOf<CommandName<Account, "account">>().toEqualTypeOf<"open" | "deposit" | "withdraw">();
expectTypeOf<CommandName<Account, "owner">>().toEqualTypeOf<"open" | "close_all">();

const evolve = {
	opened: (state: State) => ({ ...state, open: true }),
	deposited: (state: State, data: { amount: number }) => ({ ...state, balance: state.balance + data.amount }),
	withdrawn: (state: State, data: { amount: number }) => ({ ...state, balance: state.balance - data.amount }),
};

// Inputs, states and data are inferred, in any order of the properties.
const ledger = decider(Account, {
	evolve: {
		opened: (state, { owner }) => {
			expectTypeOf(owner).toEqualTypeOf<string>();
			return { ...state, open: true };
		},
		deposited(state, { amount, at }) {
			expectTypeOf(state).toEqualTypeOf<State>();
			expectTypeOf(at).toEqualTypeOf<string>();
			return { ...state, balance: state.balance + amount };
		},
		withdrawn: (state, { amount }) => ({ ...state, balance: state.balance - amount }),
	},
	decide: {
		open(input, { open }, { now, newId }) {
			expectTypeOf(open).toEqualTypeOf<boolean>();
			expectTypeOf(now).toEqualTypeOf<Date>();
			expectTypeOf(newId()).toEqualTypeOf<string>();
			if (open) throw Account.open.error.exists();
			return Account.opened(input);
		},
		deposit: (input) => [Account.deposited(input)],
		withdraw: (input, { balance }) => (balance < input.amount ? [] : Account.withdrawn(input)),
	},
	id: "account",
	initial,
});
expectTypeOf(ledger).toEqualTypeOf<Decider<Account, State, "open" | "deposit" | "withdraw">>();
expectTypeOf(ledger.decide.deposit).returns.toEqualTypeOf<EventOf<Account> | readonly EventOf<Account>[]>();

// Methods that are not decided are served by hand.
const opener = decider(Account, {
	id: "account",
	initial,
	decide: { open: (input) => Account.opened(input) },
	evolve,
});
expectTypeOf(opener).toEqualTypeOf<Decider<Account, State, "open">>();
expectTypeOf(
	decider(Account, { id: "owner", initial, decide: { close_all: () => [] }, evolve }),
).toEqualTypeOf<Decider<Account, State, "close_all">>();

const rest = { id: "account", initial, evolve } as const;

// @ts-expect-error no input has such a string
decider(Account, { ...rest, id: "amount", decide: {} });
// @ts-expect-error no input has such a property
decider(Account, { ...rest, id: "customer", decide: {} });
// @ts-expect-error a method that reads
decider(Account, { ...rest, decide: { statement: () => [] } });
// @ts-expect-error the input of the method has no such string
decider(Account, { ...rest, decide: { close_all: () => [] } });
// @ts-expect-error an event is no method
decider(Account, { ...rest, decide: { opened: () => [] } });
// @ts-expect-error there is no such method beside one that is there
decider(Account, { ...rest, decide: { begin: () => [], deposit: () => [] } });
// @ts-expect-error a decision returns events
decider(Account, { ...rest, decide: { deposit: () => 1 } });
// @ts-expect-error a decision does not wait
decider(Account, { ...rest, decide: { deposit: async () => [] } });
// @ts-expect-error the state is another
decider(Account, { ...rest, decide: { deposit: (_, state: string) => (state ? [] : []) } });
const { withdrawn: _, ...partly } = evolve;
// @ts-expect-error an event is missing
decider(Account, { ...rest, decide: {}, evolve: partly });
// @ts-expect-error the next state is another
decider(Account, { ...rest, decide: {}, evolve: { ...evolve, opened: () => "open" } });
const Other = contract("other", { happened: event({ key: "id", data: z.object({ id: z.string() }) }) });
// @ts-expect-error an event of another contract
decider(Account, { ...rest, decide: { deposit: () => Other.happened({ id: "a" }) } });
