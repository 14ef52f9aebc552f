import { contract, method } from "allium";
import * as z from "zod";
import { card_frozen, id_reused, insufficient_funds, unknown_card } from "../../errors.ts";
import { Payment, Transaction } from "../../payment.ts";
import { Card } from "../cards/contract.ts";

/** Everything that can be done with a card from outside. */
export const CardApi = contract(
	"card-api",
	{
		pay: method({
			summary: "Pays by card. The same payment again is the same transaction.",
			input: Payment,
			output: Transaction,
			errors: { unknown_card, card_frozen, insufficient_funds, id_reused },
			effect: "idempotent",
		}),
		setFrozen: method({
			summary: "Freezes a card, or lets it pay again.",
			input: z.object({ card: z.string(), frozen: z.boolean() }),
			output: Card,
			errors: { unknown_card },
			effect: "idempotent",
		}),
		list: method({
			summary: "The cards of an account.",
			input: z.object({ account: z.string() }),
			output: z.object({ cards: z.array(Card) }),
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "What can be done with a card." },
);
