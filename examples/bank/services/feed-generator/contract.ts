import { contract, method } from "allium";
import * as z from "zod";
import { FeedItem } from "../feed/contract.ts";

/** A movement on an account, as the ledger reports it. */
export const Entry = z.object({
	/** The id of the movement. */
	id: z.string(),
	account: z.string(),
	/** The first on the account is 1. */
	position: z.int(),
	/** The amount that moved, in pence; negative if it was taken. */
	change: z.int(),
	/** The balance after it, in pence. */
	balance: z.int(),
	/** The place of the payment: the name that the shop uses. */
	merchant: z.string().optional(),
	/** The other account of a transfer. */
	other: z.string().optional(),
	at: z.iso.datetime(),
});

export type Entry = z.infer<typeof Entry>;

/** Describes movements in words for people. */
export const FeedGenerator = contract(
	"feed-generator",
	{
		generate: method({
			summary: "Makes items of the feed of entries, in their order.",
			input: z.object({ entries: z.array(Entry).max(100) }),
			output: z.object({ items: z.array(FeedItem) }),
			effect: "read",
		}),
	},
	{ version: "2.0.0", summary: "Items of the feed." },
);
