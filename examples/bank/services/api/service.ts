import { fanOut, type Service } from "allium";
import type { Balance } from "../balance/contract.ts";
import type { CardApi } from "../card-api/contract.ts";
import type { Feed } from "../feed/contract.ts";
import type { Transfers } from "../transfers/contract.ts";
import type { Api } from "./contract.ts";

export interface ApiCallees {
	readonly cardApi: Service<typeof CardApi>;
	readonly balance: Pick<Service<typeof Balance>, "get" | "credit">;
	readonly feed: Service<typeof Feed>;
	readonly transfers: Pick<Service<typeof Transfers>, "request" | "get">;
}

export function api({ cardApi, balance, feed, transfers }: ApiCallees): Service<typeof Api> {
	return {
		pay: (payment, ctx) => cardApi.pay(payment, ctx),
		freeze: ({ card }, ctx) => cardApi.setFrozen({ card, frozen: true }, ctx),
		unfreeze: ({ card }, ctx) => cardApi.setFrozen({ card, frozen: false }, ctx),

		async account({ account }, ctx) {
			const [money, { cards }, { items }] = await fanOut(ctx, [
				(ctx) => balance.get({ account }, ctx),
				(ctx) => cardApi.list({ account }, ctx),
				(ctx) => feed.list({ account, limit: 3 }, ctx),
			]);
			return { account, balance: money.balance, cards, latest: items };
		},

		topUp: (movement, ctx) => balance.credit(movement, ctx),
		transfer: (order, ctx) => transfers.request(order, ctx),
		findTransfer: ({ id }, ctx) => transfers.get({ id }, ctx),

		async feed({ account, limit }, ctx) {
			// The feed does not know the accounts. The balance tells whether there is one, while the feed is read.
			const [, { items }] = await fanOut(ctx, [
				(ctx) => balance.get({ account }, ctx),
				(ctx) => feed.list({ account, limit }, ctx),
			]);
			return { items };
		},

		follow: (range, ctx) => feed.follow(range, ctx),
	};
}
