import { decider } from "allium";
import { Balance } from "./contract.ts";

/** The state that the events of an account result in. */
export interface Account {
	readonly isOpen: boolean;
	/** In pence. */
	readonly balance: number;
}

const initial: Account = { isOpen: false, balance: 0 };

/** Decides the movements on an account. The stream `balance/ann` has the events of Ann's. */
export const ledger = decider(Balance, {
	id: "account",
	initial,
	snapshotEvery: 100,
	decide: {
		open: (input, { isOpen }) => (isOpen ? [] : Balance.opened(input)),
		debit(input, { isOpen, balance }) {
			const { error } = Balance.debit;
			if (!isOpen) throw error.unknown_account();
			if (balance < input.amount) throw error.insufficient_funds({ available: balance });
			return Balance.debited(input);
		},
		credit(input, { isOpen }) {
			if (!isOpen) throw Balance.credit.error.unknown_account();
			return Balance.credited(input);
		},
	},
	evolve: {
		opened: (_, { amount }) => ({ isOpen: true, balance: amount }),
		debited: (state, { amount }) => ({ ...state, balance: state.balance - amount }),
		credited: (state, { amount }) => ({ ...state, balance: state.balance + amount }),
	},
});
