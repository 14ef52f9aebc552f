import type { Context, Logger, Service } from "allium";
import type { Transaction } from "../../payment.ts";
import type { Balance } from "../balance/contract.ts";
import type { FeedGenerator } from "../feed-generator/contract.ts";
import { Transactions } from "./contract.ts";

export interface TransactionsParts {
	readonly balance: Pick<Service<typeof Balance>, "debit">;
	readonly feedGenerator: Service<typeof FeedGenerator>;
	readonly logger: Logger;
}

/** How long it may take to tell the feed of a transaction, in milliseconds. */
const feedTimeoutMs = 10_000;

/** Keeps transactions for as long as the process lives. The balance keeps the money itself. */
export function transactions({
	balance,
	feedGenerator,
	logger,
}: TransactionsParts): Service<typeof Transactions> {
	const records = new Map<string, Transaction>();

	/** The payment is made, and its caller has the answer. The feed follows in its own time. */
	const tellFeed = (transaction: Transaction, ctx: Context): void => {
		const afterwards = ctx.withoutCancel().withTimeout(feedTimeoutMs);
		feedGenerator.generate({ transaction }, afterwards).catch((error: unknown) => {
			logger.log("warn", "a transaction is missing in the feed", { id: transaction.id, error });
		});
	};

	return {
		async record(payment, ctx) {
			const { id, account, amount, merchant } = payment;
			const known = records.get(id);
			if (known !== undefined && !isSame(known, payment)) throw Transactions.record.error.id_reused();
			if (known !== undefined) return known;
			await balance.debit({ id, account, amount }, ctx);
			// The same payment may have arrived twice at once. The balance took the money once, and one transaction is
			// recorded.
			const recorded = records.get(id);
			if (recorded !== undefined) return recorded;
			const transaction = { id, account, amount, merchant, at: new Date().toISOString() };
			records.set(id, transaction);
			tellFeed(transaction, ctx);
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
