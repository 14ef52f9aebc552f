import { contract, event, method } from "allium";
import * as z from "zod";
import { id_reused, insufficient_funds, unknown_account } from "../../errors.ts";
import { Amount, MovementId } from "../../money.ts";

const Opening = z.object({ account: z.string(), amount: Amount });

const Movement = Opening.extend({
	id: MovementId,
	/** The place of the payment: the name that the shop uses. */
	merchant: z.string().max(64).optional(),
	/** The other account of a transfer. */
	other: z.string().max(64).optional(),
});

/** The balance of an account, in pence. */
const Money = z.object({ balance: z.int() });

/**
 * The money of the accounts. The id of a debit is that of no other debit, and the id of a credit that of no other
 * credit, on any account.
 */
export const Balance = contract(
	"balance",
	{
		get: method({
			summary: "What is on an account.",
			input: z.object({ account: z.string() }),
			output: Money,
			errors: { unknown_account },
			effect: "read",
		}),
		open: method({
			summary: "Opens an account with an amount on it. An account that is open stays as it is.",
			input: Opening,
			output: Money,
			effect: "idempotent",
		}),
		debit: method({
			summary: "Takes money from an account, once for each id.",
			input: Movement,
			output: Money,
			errors: { unknown_account, insufficient_funds, id_reused },
			effect: "idempotent",
		}),
		credit: method({
			summary: "Puts money on an account, once for each id.",
			input: Movement,
			output: Money,
			errors: { unknown_account, id_reused },
			effect: "idempotent",
		}),
		opened: event({ key: "account", data: Opening }),
		debited: event({ key: "account", data: Movement }),
		credited: event({ key: "account", data: Movement }),
	},
	{ version: "1.0.0", summary: "The money of the accounts." },
);
