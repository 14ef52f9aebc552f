import { contract, method } from "allium";
import { card_frozen, id_reused, insufficient_funds, unknown_card } from "../../errors.ts";
import { Payment, Transaction } from "../../payment.ts";

/** Decides about payments by card. */
export const CardProcessing = contract(
	"card-processing",
	{
		authorise: method({
			summary: "Lets a payment be made, or says why not.",
			input: Payment,
			output: Transaction,
			errors: { unknown_card, card_frozen, insufficient_funds, id_reused },
			effect: "idempotent",
		}),
	},
	{ version: "1.0.0", summary: "Payments by card." },
);
