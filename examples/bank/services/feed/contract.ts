import { contract, method, stream } from "allium";
import * as z from "zod";

export const FeedItem = z.object({
	/** The id of the movement of money. */
	id: z.string(),
	account: z.string(),
	title: z.string(),
	body: z.string(),
	at: z.iso.datetime(),
	/** The first of the account is 1. */
	position: z.int(),
});

export type FeedItem = z.infer<typeof FeedItem>;

export const FeedRange = z.object({
	account: z.string(),
	/** The position of the last item that the caller knows. Default: the newest. */
	after: z.int().min(0).optional(),
});

/** The history of an account, for its owner to read. */
export const Feed = contract(
	"feed",
	{
		list: method({
			summary: "The newest items of an account, newest first.",
			input: z.object({ account: z.string(), limit: z.int().min(1).max(100).default(20) }),
			output: z.object({ items: z.array(FeedItem) }),
			effect: "read",
		}),
		follow: method({
			summary: "The items of an account behind a position, then each as it comes.",
			input: FeedRange,
			output: stream(FeedItem),
			effect: "read",
		}),
	},
	{ version: "2.0.0", summary: "The feed of an account." },
);
