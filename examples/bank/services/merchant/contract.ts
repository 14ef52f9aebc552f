import { contract, method } from "allium";
import * as z from "zod";

export const Merchant = z.object({
	name: z.string(),
	emoji: z.string(),
	category: z.string(),
	logo: z.url().optional(),
});

export type Merchant = z.infer<typeof Merchant>;

/** The directory of merchants. */
export const Merchants = contract(
	"merchant",
	{
		find: method({
			summary: "Who it is that calls itself so.",
			input: z.object({ name: z.string() }),
			output: Merchant,
			errors: { unknown_merchant: { code: "not_found", message: "nobody knows this merchant" } },
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "The directory of merchants." },
);
