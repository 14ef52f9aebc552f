import * as z from "zod";
import { Amount, MovementId } from "./money.ts";

/** A payment by card, as the terminal of a shop sends it. */
export const Payment = z.object({
	id: MovementId,
	card: z.string().min(1).max(64),
	amount: Amount,
	/** The name that the shop uses: `COFFEE AND CO LONDON`. */
	merchant: z.string().min(1).max(64),
});

/** A payment that was made, from an account. */
export const Transaction = Payment.omit({ card: true }).extend({
	account: z.string(),
	at: z.iso.datetime(),
});

export type Transaction = z.infer<typeof Transaction>;
