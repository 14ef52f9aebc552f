import type { Service } from "allium";
import type { Transaction } from "../../payment.ts";
import type { Balance } from "../balance/contract.ts";
import { Transactions } from "./contract.ts";

/**
 * Keeps transactions for as long as the process lives. The balance keeps the money itself and its movements, of which
 * the feed is made.
 */
export function transactions(balance: Pick<Service<typeof Balance>, "debit">): Service<typeof Transactions> {
	const records = new Map<string, Transaction>();

	return {
		async record(payment, ctx) {
			const { id, account, amount, merchant } = payment;
			const known = records.get(id);
			if (known !== undefined && !isSame(known, payment)) throw Transactions.record.error.id_reused();
			if (known !== undefined) return known;
			await balance.debit({ id, account, amount, merchant }, ctx);
			// The same payment may have arrived twice at once. The balance took the money once, and one transaction is
			// recorded.
			const recorded = records.get(id);
			if (recorded !== undefined) return recorded;
			const transaction = { id, account, amount, merchant, at: new Date().toISOString() };
			records.set(id, transaction);
			return transaction;
		},

		async find({ id }) {
			const transaction = records.get(id);
			return transaction === undefined ? {} : { transaction };
		},
	};
}

function isSame(known: Transaction, payment: Omit<Transaction, "at">): boolean {
	return (
		known.account === payment.account &&
		known.amount === payment.amount &&
		known.merchant === payment.merchant
	);
}
