import { contract, event, method } from "allium";
import * as z from "zod";
import { Webhook } from "../webhooks/contract.ts";

export const Transaction = z.object({
	id: z.string(),
	account_id: z.string(),
	/** In pence; negative for spent money. */
	amount: z.int(),
	description: z.string(),
	created: z.iso.datetime(),
});

/** The movements of money on accounts. On the wire the event has Monzo's name: transaction.created. */
export const Transactions = contract(
	"transaction",
	{ created: event({ key: "account_id", data: Transaction }) },
	{ version: "1.0.0", summary: "Transactions." },
);

const not_yours = { code: "permission_denied", message: "this is the account of somebody else" } as const;
const unknown_webhook = { code: "not_found", message: "there is no such webhook" } as const;
const ofAccount = z.object({ account_id: z.string() });

/** The requests of customers. Each call has a bearer token. */
export const Api = contract(
	"api",
	{
		createTransaction: method({
			summary: "Moves money, and tells all subscribers.",
			input: Transaction.omit({ id: true, created: true }),
			output: Transaction,
			errors: { not_yours },
		}),
		registerWebhook: method({
			summary: "Sends each new transaction of an account to a URL. The secret is told this once.",
			input: Webhook.omit({ id: true }),
			output: z.object({ webhook: Webhook.extend({ secret: z.string() }) }),
			errors: { not_yours },
		}),
		listWebhooks: method({
			input: ofAccount,
			output: z.object({ webhooks: z.array(Webhook) }),
			errors: { not_yours },
			effect: "read",
		}),
		deleteWebhook: method({
			input: z.object({ webhook_id: z.string() }),
			errors: { unknown_webhook },
			effect: "idempotent",
		}),
	},
	{ version: "1.0.0", summary: "The bank, for programs of its customers." },
);
