import type { Service } from "allium";
import type { CardProcessing } from "../card-processing/contract.ts";
import type { Cards } from "../cards/contract.ts";
import type { CardApi } from "./contract.ts";

export interface CardApiCallees {
	readonly cards: Service<typeof Cards>;
	readonly processing: Service<typeof CardProcessing>;
}

/** Knows which service does what: one processes payments, another keeps cards. */
export function cardApi({ cards, processing }: CardApiCallees): Service<typeof CardApi> {
	return {
		pay: (payment, ctx) => processing.authorise(payment, ctx),
		setFrozen: ({ card, frozen }, ctx) => cards.setState({ card, state: frozen ? "frozen" : "active" }, ctx),
		list: ({ account }, ctx) => cards.list({ account }, ctx),
	};
}
