import { contract, method } from "allium";
import * as z from "zod";

/** The contract of the greeter, which the service, its callers and a browser share. */
export const Greeter = contract(
	"greeter",
	{
		hello: method({
			summary: "Greets somebody by name.",
			input: z.object({ name: z.string().min(1) }),
			output: z.object({ greeting: z.string() }),
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "Says hello." },
);
