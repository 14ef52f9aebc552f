import { randomUUID } from "node:crypto";
import { webhookSecret } from "allium";
import type { Webhook } from "./contract.ts";

/** A webhook with the secret that signs its messages. */
export interface RegisteredWebhook extends Webhook {
	readonly secret: string;
}

/** The webhooks that are registered, in the memory of this process: gone with it. */
export class RegisteredWebhooks {
	readonly #webhooks = new Map<string, RegisteredWebhook>();

	add(account_id: string, url: string): RegisteredWebhook {
		const webhook = { id: `webhook_${randomUUID()}`, account_id, url, secret: webhookSecret() };
		this.#webhooks.set(webhook.id, webhook);
		return webhook;
	}

	of(account_id: string): readonly RegisteredWebhook[] {
		return [...this.#webhooks.values()].filter((webhook) => webhook.account_id === account_id);
	}

	find(id: string): RegisteredWebhook | undefined {
		return this.#webhooks.get(id);
	}

	remove(id: string): void {
		this.#webhooks.delete(id);
	}
}
