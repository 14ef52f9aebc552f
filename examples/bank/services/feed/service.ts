import type { Logger, Service } from "allium";
import { Journal } from "../../journal.ts";
import type { Apns } from "../apns/contract.ts";
import type { Feed, FeedItem } from "./contract.ts";

export interface FeedParts {
	readonly apns: Service<typeof Apns>;
	readonly logger: Logger;
}

/** Keeps the newest items of each account for as long as the process lives. */
export function feed({ apns, logger }: FeedParts): Service<typeof Feed> {
	const journals = new Map<string, Journal<Omit<FeedItem, "position">>>();
	const of = (account: string): Journal<Omit<FeedItem, "position">> => {
		const journal = journals.get(account) ?? new Journal();
		journals.set(account, journal);
		return journal;
	};

	return {
		async add(item, ctx) {
			const added = of(item.account).add(item);
			const { id, account, title, body } = added;
			try {
				await apns.push({ id, account, title, body }, ctx);
			} catch (error) {
				// The item is in the feed all the same.
				logger.log("warn", "an item was not pushed to the phone", { id, error });
			}
			return added;
		},

		async list({ account, limit }) {
			return { items: journals.get(account)?.latest(limit) ?? [] };
		},

		follow: ({ account, after }, ctx) => of(account).follow(after, ctx.signal),
	};
}
