import { contract, method } from "allium";
import * as z from "zod";
import { id_reused, insufficient_funds } from "../../errors.ts";
import { Transaction } from "../../payment.ts";

/** The payments that were made. */
export const Transactions = contract(
	"transactions",
	{
		record: method({
			summary: "Takes a payment from its account and records it, once.",
			input: Transaction.omit({ at: true }),
			output: Transaction,
			errors: { insufficient_funds, id_reused },
			effect: "idempotent",
		}),
		find: method({
			summary: "The transaction of an id, if there is one.",
			input: z.object({ id: z.string() }),
			output: z.object({ transaction: Transaction.optional() }),
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "What was paid." },
);
