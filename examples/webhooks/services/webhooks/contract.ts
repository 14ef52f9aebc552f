import { contract, event, method } from "allium";
import * as z from "zod";

export const Webhook = z.object({ id: z.string(), account_id: z.string(), url: z.url() });

export type Webhook = z.infer<typeof Webhook>;

const unknown_webhook = { code: "not_found", message: "there is no such webhook" } as const;

/** The webhooks of accounts, and the messages to each. */
export const Webhooks = contract(
	"webhooks",
	{
		register: method({
			summary: "Sends what happens on an account to a URL, from now on.",
			input: Webhook.omit({ id: true }),
			output: Webhook.extend({ secret: z.string() }),
		}),
		list: method({
			summary: "The webhooks of an account.",
			input: z.object({ account_id: z.string() }),
			output: z.object({ webhooks: z.array(Webhook) }),
			effect: "read",
		}),
		remove: method({
			summary: "Sends no more.",
			input: z.object({ account_id: z.string(), webhook_id: z.string() }),
			errors: { unknown_webhook },
			effect: "idempotent",
		}),
		due: event({
			summary:
				"Something is to be sent to one webhook. Each has its own order, and one that fails holds up no other.",
			key: "webhook_id",
			data: z.object({ webhook_id: z.string(), message_id: z.string(), text: z.string() }),
		}),
	},
	{ version: "1.0.0", summary: "Webhooks." },
);
