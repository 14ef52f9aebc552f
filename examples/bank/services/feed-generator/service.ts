import { type Context, fanOut, type Service } from "allium";
import { pounds } from "../../money.ts";
import type { FeedItem } from "../feed/contract.ts";
import type { TransactionEnrichment } from "../transaction-enrichment/contract.ts";
import type { Entry, FeedGenerator } from "./contract.ts";

export function feedGenerator(
	enrichment: Service<typeof TransactionEnrichment>,
): Service<typeof FeedGenerator> {
	return {
		async generate({ entries }, ctx) {
			const tasks = entries.map((entry) => (ctx: Context) => itemOf(entry, ctx));
			return { items: await fanOut(ctx, tasks) };
		},
	};

	async function itemOf(entry: Entry, ctx: Context): Promise<FeedItem> {
		const { id, account, position, change, balance, at } = entry;
		const body = `${pounds(Math.abs(change))} · ${pounds(balance)} left`;
		return { id, account, title: await titleOf(entry, ctx), body, at, position };
	}

	async function titleOf({ merchant, other, ...entry }: Entry, ctx: Context): Promise<string> {
		if (merchant !== undefined) {
			const { id, account, change, at } = entry;
			const transaction = { id, account, amount: -change, merchant, at };
			const enriched = await enrichment.enrich({ transaction }, ctx);
			return `${enriched.merchant.emoji} ${enriched.merchant.name}`;
		}
		if (other !== undefined) return entry.change < 0 ? `↗ To ${other}` : `↘ From ${other}`;
		return "➕ Top-up";
	}
}
