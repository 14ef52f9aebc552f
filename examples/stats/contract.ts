import { contract, method } from "allium";
import * as z from "zod";

/** Statistics, computed with the help of another service. */
export const Stats = contract(
	"stats",
	{
		mean: method({
			summary: "The mean of some integers, rounded down.",
			input: z.object({ numbers: z.array(z.int()).min(1).max(1000) }),
			output: z.object({ mean: z.int() }),
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "Statistics." },
);
