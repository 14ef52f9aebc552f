import { contract, method } from "allium";
import * as z from "zod";
import { id_reused, insufficient_funds, unknown_account } from "../../errors.ts";
import { Amount, MovementId } from "../../money.ts";

const Movement = z.object({ id: MovementId, account: z.string(), amount: Amount });

/** The balance of an account, in pence. */
const Money = z.object({ balance: z.int() });

/** The money of the accounts. */
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
	},
	{ version: "1.0.0", summary: "The money of the accounts." },
);
