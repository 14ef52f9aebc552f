import { contract, method } from "allium";
import * as z from "zod";

const item = z.object({ id: z.string(), name: z.string(), cents: z.int(), left: z.int() });
const no_such_item = { code: "not_found", message: "there is no such item" } as const;

/** The contract of new-service, which the service, its callers and browsers share. */
export const NewService = contract(
	"new-service",
	{
		add: method({
			summary: "Puts an item on sale.",
			input: z.object({
				name: z.string().min(1).max(100),
				cents: z.int().min(0),
				left: z.int().min(0).default(1),
			}),
			output: item,
		}),
		get: method({
			summary: "Finds an item by its id.",
			input: z.object({ id: z.string() }),
			output: item,
			errors: { no_such_item },
			effect: "read",
		}),
		list: method({
			summary: "Lists the items, the oldest first.",
			input: z.object({ limit: z.int().min(1).max(100).default(20) }),
			output: z.array(item),
			effect: "read",
		}),
		buy: method({
			summary: "Buys some of an item.",
			input: z.object({ id: z.string(), count: z.int().min(1).default(1) }),
			output: item,
			errors: {
				no_such_item,
				too_few: {
					code: "failed_precondition",
					message: "too few are left",
					data: z.object({ left: z.int() }),
				},
			},
		}),
	},
	{ version: "0.1.0", summary: "Sells items." },
);
