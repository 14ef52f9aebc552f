import type { Service } from "allium";
import { type Card, Cards } from "./contract.ts";

/** Keeps cards for as long as the process lives. */
export function cards(issued: readonly Card[]): Service<typeof Cards> {
	const byId = new Map(issued.map((card) => [card.card, card]));
	return {
		async get({ card }) {
			const found = byId.get(card);
			if (found === undefined) throw Cards.get.error.unknown_card();
			return found;
		},

		async list({ account }) {
			return { cards: [...byId.values()].filter((card) => card.account === account) };
		},

		async setState({ card, state }) {
			const found = byId.get(card);
			if (found === undefined) throw Cards.setState.error.unknown_card();
			const changed = { ...found, state };
			byId.set(card, changed);
			return changed;
		},
	};
}
