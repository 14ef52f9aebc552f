import { contract, event, method, stream } from "@allium/core";
import * as z from "zod";

/** What lies on the shelves of a shop. */
export const Stock = contract("stock", {
	/** Counts the pieces of an article. */
	count: method({
		input: z.object({ article: z.string() }),
		output: z.object({ pieces: z.int() }),
		effect: "read",
	}),
	/** Takes pieces from the shelf. */
	take: method({
		input: z.object({ article: z.string(), pieces: z.int() }),
		output: z.object({ left: z.int() }),
		errors: {
			/** Fewer pieces are left than were asked for. */
			too_few: { code: "failed_precondition", data: z.object({ left: z.int() }) },
			/** The shop is closed. */
			closed: { code: "unavailable", message: "the shop is closed" },
		},
	}),
	/** Tells of every article that runs out. */
	watch: method({
		input: z.object({ below: z.int() }),
		output: stream(z.object({ article: z.string() })),
		effect: "read",
	}),
	/** Pieces were sold. */
	sold: event({
		key: "article",
		data: z.object({ article: z.string(), pieces: z.int().default(1) }),
	}),
});
