import { contract, method } from "allium";
import * as z from "zod";
import { Transaction } from "../../payment.ts";
import { FeedItem } from "../feed/contract.ts";

/** Turns events into items of the feed. */
export const FeedGenerator = contract(
	"feed-generator",
	{
		generate: method({
			summary: "Puts a transaction into the feed of its account, once.",
			input: z.object({ transaction: Transaction }),
			output: FeedItem,
			effect: "idempotent",
		}),
	},
	{ version: "1.0.0", summary: "Items of the feed." },
);
