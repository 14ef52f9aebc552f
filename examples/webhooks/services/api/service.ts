import { randomUUID } from "node:crypto";
import type { Context, Publish, Service } from "allium";
import type { Webhooks } from "../webhooks/contract.ts";
import { ownAccount } from "./bearer-guard.ts";
import { Api, Transactions } from "./contract.ts";

export interface ApiDependencies {
	readonly webhooks: Service<typeof Webhooks>;
	readonly publish: Publish;
}

export function api({ webhooks, publish }: ApiDependencies): Service<typeof Api> {
	return {
		async createTransaction(input, ctx) {
			if (!isOwn(input, ctx)) throw Api.createTransaction.error.not_yours();
			const transaction = { id: `tx_${randomUUID()}`, ...input, created: new Date().toISOString() };
			await publish(Transactions.created(transaction), ctx);
			return transaction;
		},

		async registerWebhook(input, ctx) {
			if (!isOwn(input, ctx)) throw Api.registerWebhook.error.not_yours();
			return { webhook: await webhooks.register(input, ctx) };
		},

		async listWebhooks(input, ctx) {
			if (!isOwn(input, ctx)) throw Api.listWebhooks.error.not_yours();
			return webhooks.list(input, ctx);
		},

		deleteWebhook: ({ webhook_id }, ctx) =>
			webhooks.remove({ account_id: ctx.get(ownAccount) ?? "", webhook_id }, ctx),
	};
}

function isOwn({ account_id }: { readonly account_id: string }, ctx: Context): boolean {
	return account_id === ctx.get(ownAccount);
}
