import { contract, method, stream } from "allium";
import * as z from "zod";

/** The contract of new-service, which the service, its callers and browsers share. */
export const NewService = contract(
	"new-service",
	{
		countdown: method({
			summary: "Counts down to zero, one number at a time.",
			input: z.object({
				from: z.int().min(0).max(1_000),
				everyMs: z.int().min(0).max(60_000).default(1_000),
			}),
			output: stream(z.object({ left: z.int() })),
			effect: "read",
		}),
	},
	{ version: "0.1.0", summary: "Counts down." },
);
