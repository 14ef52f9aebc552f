import { contract, method } from "allium";
import * as z from "zod";
import { unknown_card } from "../../errors.ts";

export const Card = z.object({
	card: z.string(),
	account: z.string(),
	state: z.enum(["active", "frozen"]),
});

export type Card = z.infer<typeof Card>;

const byId = z.object({ card: z.string() });

/** The cards: their owners, and whether they may pay. */
export const Cards = contract(
	"cards",
	{
		get: method({
			summary: "One card.",
			input: byId,
			output: Card,
			errors: { unknown_card },
			effect: "read",
		}),
		list: method({
			summary: "The cards of an account.",
			input: z.object({ account: z.string() }),
			output: z.object({ cards: z.array(Card) }),
			effect: "read",
		}),
		setState: method({
			summary: "Freezes a card, or lets it pay again.",
			input: byId.extend({ state: Card.shape.state }),
			output: Card,
			errors: { unknown_card },
			effect: "idempotent",
		}),
	},
	{ version: "1.0.0", summary: "Cards and their states." },
);
