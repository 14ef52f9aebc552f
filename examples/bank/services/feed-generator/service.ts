import { fanOut, type Service } from "allium";
import { pounds } from "../../money.ts";
import type { Balance } from "../balance/contract.ts";
import type { Feed } from "../feed/contract.ts";
import type { TransactionEnrichment } from "../transaction-enrichment/contract.ts";
import type { FeedGenerator } from "./contract.ts";

export interface FeedGeneratorCallees {
	readonly enrichment: Service<typeof TransactionEnrichment>;
	readonly balance: Pick<Service<typeof Balance>, "get">;
	readonly feed: Pick<Service<typeof Feed>, "add">;
}

export function feedGenerator(callees: FeedGeneratorCallees): Service<typeof FeedGenerator> {
	const { enrichment, balance, feed } = callees;
	return {
		async generate({ transaction }, ctx) {
			const { id, account, amount, at } = transaction;
			const [{ merchant }, { balance: left }] = await fanOut(ctx, [
				(ctx) => enrichment.enrich({ transaction }, ctx),
				(ctx) => balance.get({ account }, ctx),
			]);
			const title = `${merchant.emoji} ${merchant.name}`;
			const body = `${pounds(amount)} · ${pounds(left)} left`;
			return feed.add({ id, account, title, body, at }, ctx);
		},
	};
}
