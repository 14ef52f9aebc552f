import type { Context, Service } from "allium";
import type { Entry, FeedGenerator } from "../feed-generator/contract.ts";
import type { Changes } from "./changes.ts";
import type { Feed, FeedItem } from "./contract.ts";
import type { Entries } from "./entries.ts";

export interface FeedParts {
	readonly entries: Entries;
	readonly generator: Service<typeof FeedGenerator>;
	/** Called when the entries of an account have changed. */
	readonly changes: Changes;
}

/** Shows the entries in the view of the ledger. */
export function feed({ entries, generator, changes }: FeedParts): Service<typeof Feed> {
	const itemsOf = async (found: Entry[], ctx: Context): Promise<FeedItem[]> => {
		if (found.length === 0) return [];
		return (await generator.generate({ entries: found }, ctx)).items;
	};
	return {
		async list({ account, limit }, ctx) {
			return { items: await itemsOf(await entries.latest(account, limit, ctx), ctx) };
		},

		async *follow({ account, after }, ctx) {
			let position = after ?? (await entries.latest(account, 1, ctx))[0]?.position ?? 0;
			for (;;) {
				const { count } = changes;
				const found = await entries.after(account, position, ctx);
				yield* await itemsOf(found, ctx);
				position = found.at(-1)?.position ?? position;
				if (found.length === 0) await changes.beyond(count, account, ctx.signal);
			}
		},
	};
}
