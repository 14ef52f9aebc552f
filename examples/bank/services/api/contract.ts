import { contract, method, stream } from "allium";
import * as z from "zod";
import {
	card_frozen,
	id_reused,
	insufficient_funds,
	same_account,
	unknown_account,
	unknown_card,
	unknown_transfer,
} from "../../errors.ts";
import { Amount, MovementId } from "../../money.ts";
import { Payment, Transaction } from "../../payment.ts";
import { Card } from "../cards/contract.ts";
import { FeedItem, FeedRange } from "../feed/contract.ts";
import { Transfer } from "../transfers/contract.ts";

const byAccount = z.object({ account: z.string() });
const byCard = z.object({ card: z.string() });

/** The requests that phones and shops can send to the bank. */
export const Api = contract(
	"api",
	{
		pay: method({
			summary: "Pays by card. The same payment again is the same transaction.",
			input: Payment,
			output: Transaction,
			errors: { unknown_card, card_frozen, insufficient_funds, id_reused },
			effect: "idempotent",
		}),
		freeze: method({
			summary: "Lets a card pay no more.",
			input: byCard,
			output: Card,
			errors: { unknown_card },
			effect: "idempotent",
		}),
		unfreeze: method({
			summary: "Lets a card pay again.",
			input: byCard,
			output: Card,
			errors: { unknown_card },
			effect: "idempotent",
		}),
		account: method({
			summary: "An account at a glance: its money in pence, its cards, what happened last.",
			input: byAccount,
			output: z.object({
				account: z.string(),
				balance: z.int(),
				cards: z.array(Card),
				latest: z.array(FeedItem),
			}),
			errors: { unknown_account },
			effect: "read",
		}),
		topUp: method({
			summary: "Puts money on an account, once for each id.",
			input: z.object({ id: MovementId, account: z.string(), amount: Amount }),
			output: z.object({ balance: z.int() }),
			errors: { unknown_account, id_reused },
			effect: "idempotent",
		}),
		transfer: method({
			summary: "Asks for a transfer to another account, once for each id. It is carried out afterwards.",
			input: Transfer.omit({ state: true, reason: true }),
			output: Transfer,
			errors: { id_reused, same_account },
			effect: "idempotent",
		}),
		findTransfer: method({
			summary: "A transfer, and what has become of it.",
			input: z.object({ id: z.string() }),
			output: Transfer,
			errors: { unknown_transfer },
			effect: "read",
		}),
		feed: method({
			summary: "What happened on an account, newest first.",
			input: byAccount.extend({ limit: z.int().min(1).max(100).default(20) }),
			output: z.object({ items: z.array(FeedItem) }),
			errors: { unknown_account },
			effect: "read",
		}),
		follow: method({
			summary: "What happens on an account, as it happens.",
			input: FeedRange,
			output: stream(FeedItem),
			effect: "read",
			// A page whose connection broke continues after the last item that it has.
			meta: { resume: { input: "after", id: "position" } },
		}),
	},
	{ version: "1.0.0", summary: "The bank, for phones and shops." },
);
