import { contract, event, method } from "allium";
import * as z from "zod";
import { id_reused, same_account, unknown_transfer } from "../../errors.ts";
import { Amount, MovementId } from "../../money.ts";

const account = z.string().min(1).max(64);

const Order = z.object({ id: MovementId, from: account, to: account, amount: Amount });

/** An order, and its state. */
export const Transfer = Order.extend({
	state: z.enum(["requested", "completed", "refused"]),
	/** Why it was refused. */
	reason: z.string().optional(),
});

export type Transfer = z.infer<typeof Transfer>;

const byId = z.object({ id: z.string() });
const Refusal = byId.extend({ reason: z.string() });

/** Moves money from one account to another. */
export const Transfers = contract(
	"transfers",
	{
		request: method({
			summary: "Asks for a transfer, once for each id. It is carried out afterwards.",
			input: Order,
			output: Transfer,
			errors: { id_reused, same_account },
			effect: "idempotent",
		}),
		get: method({
			summary: "A transfer, and what has become of it.",
			input: byId,
			output: Transfer,
			errors: { unknown_transfer },
			effect: "read",
		}),
		complete: method({
			summary: "Notes that the money has arrived.",
			input: byId,
			errors: { unknown_transfer },
			effect: "idempotent",
		}),
		refuse: method({
			summary: "Notes that no money has moved, and why.",
			input: Refusal,
			errors: { unknown_transfer },
			effect: "idempotent",
		}),
		requested: event({ key: "id", data: Order }),
		completed: event({ key: "id", data: byId }),
		refused: event({ key: "id", data: Refusal }),
	},
	{ version: "1.0.0", summary: "Money from one account to another." },
);
