import { contract, method } from "allium";
import * as z from "zod";
import { Transaction } from "../../payment.ts";
import { Merchant } from "../merchant/contract.ts";

/** Finds out more about a transaction than the terminal said. */
export const TransactionEnrichment = contract(
	"transaction-enrichment",
	{
		enrich: method({
			summary: "A transaction with its merchant.",
			input: z.object({ transaction: Transaction }),
			output: z.object({ transaction: Transaction, merchant: Merchant }),
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "Transactions with their merchants." },
);
