import { fanOut, type Service } from "allium";
import type { Cards } from "../cards/contract.ts";
import type { Transactions } from "../transactions/contract.ts";
import { CardProcessing } from "./contract.ts";

export interface CardProcessingCallees {
	readonly cards: Service<typeof Cards>;
	readonly transactions: Service<typeof Transactions>;
}

export function cardProcessing(callees: CardProcessingCallees): Service<typeof CardProcessing> {
	const { cards, transactions } = callees;
	return {
		async authorise({ id, card, amount, merchant }, ctx) {
			const [{ account, state }, { transaction }] = await fanOut(ctx, [
				(ctx) => cards.get({ card }, ctx),
				(ctx) => transactions.find({ id }, ctx),
			]);
			// A payment that was made stays made, even if the card has been frozen since.
			if (state === "frozen" && transaction === undefined) throw CardProcessing.authorise.error.card_frozen();
			return transactions.record({ id, account, amount, merchant }, ctx);
		},
	};
}
