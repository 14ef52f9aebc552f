import { isError, isServiceError, isTrouble, type Service } from "allium";
import { type Merchant, Merchants } from "../merchant/contract.ts";
import type { TransactionEnrichment } from "./contract.ts";

/** A transaction is worth showing even without its merchant. It then shows the text of the terminal. */
export function transactionEnrichment(
	merchants: Service<typeof Merchants>,
): Service<typeof TransactionEnrichment> {
	return {
		async enrich({ transaction }, ctx) {
			try {
				return { transaction, merchant: await merchants.find({ name: transaction.merchant }, ctx) };
			} catch (error) {
				if (ctx.error !== undefined || !isMissing(error)) throw error;
				return { transaction, merchant: plainMerchant(transaction.merchant) };
			}
		},
	};
}

/** Whether no merchant is available: none is known by that name, or the directory cannot be reached. */
function isMissing(error: unknown): boolean {
	return isError(error, Merchants.find.error.unknown_merchant) || (isServiceError(error) && isTrouble(error));
}

/** Turns `PUB CORNER` into `Pub Corner`. */
function plainMerchant(name: string): Merchant {
	const shown = name.toLowerCase().replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase());
	return { name: shown, emoji: "💳", category: "general" };
}
