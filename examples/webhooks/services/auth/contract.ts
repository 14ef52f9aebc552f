import { contract, method } from "allium";
import * as z from "zod";

const invalid_token = { code: "unauthenticated", message: "the bearer token is not valid" } as const;

/** Finds the owner of a bearer token. */
export const Auth = contract(
	"auth",
	{
		check: method({
			summary: "The account of the owner of a token.",
			input: z.object({ token: z.string() }),
			output: z.object({ account_id: z.string() }),
			errors: { invalid_token },
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "Bearer tokens." },
);
