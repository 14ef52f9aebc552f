import { delivery, type Handlers, type Publish, type Service, sendWebhook } from "allium";
import type { Transactions } from "../api/contract.ts";
import { Webhooks } from "./contract.ts";
import type { RegisteredWebhook, RegisteredWebhooks } from "./registered.ts";

export function webhooks(registered: RegisteredWebhooks): Service<typeof Webhooks> {
	return {
		async register({ account_id, url }) {
			return registered.add(account_id, url);
		},

		async list({ account_id }) {
			return { webhooks: registered.of(account_id).map(withoutSecret) };
		},

		async remove({ account_id, webhook_id }) {
			// The webhooks of other accounts are treated as unknown.
			const found = registered.find(webhook_id);
			if (found?.account_id !== account_id) throw Webhooks.remove.error.unknown_webhook();
			registered.remove(webhook_id);
		},
	};
}

/**
 * Makes one message for each webhook of the account. If the event is handled again, its messages have the same ids, and
 * are dropped.
 */
export function fanOutTo(registered: RegisteredWebhooks, publish: Publish): Handlers<typeof Transactions> {
	return {
		async created(data, ctx) {
			const { id: message_id, type } = delivery(ctx);
			const text = JSON.stringify({ specversion: "1.0", id: message_id, source: "api", type, data });
			const due = registered
				.of(data.account_id)
				.map(({ id: webhook_id }) => Webhooks.due({ webhook_id, message_id, text }));
			await publish(due, ctx);
		},
	};
}

/** Sends one message to one webhook. */
export function sendTo(
	registered: RegisteredWebhooks,
	allow: readonly ("http" | "private")[],
): Handlers<typeof Webhooks> {
	return {
		async due({ webhook_id, message_id, text }, ctx) {
			const found = registered.find(webhook_id);
			// The webhook was removed in the meantime.
			if (found === undefined) return;
			const { url, secret } = found;
			await sendWebhook({ url, secret, allow }, { id: message_id, text }, ctx);
		},
	};
}

function withoutSecret({ id, account_id, url }: RegisteredWebhook) {
	return { id, account_id, url };
}
