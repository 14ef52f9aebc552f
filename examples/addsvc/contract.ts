import { contract, method, stream } from "allium";
import * as z from "zod";

export const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

/** The longest result of `concat`, in characters. */
export const maxLength = 10;

/** The contract of Go kit's addsvc, with a stream added. */
export const Add = contract(
	"add",
	{
		sum: method({
			summary: "Adds two integers.",
			input: z.object({ a: z.int(), b: z.int() }),
			output: z.object({ v: z.int() }),
			errors: {
				two_zeroes: { code: "invalid_argument", message: "can't sum two zeroes" },
				int_overflow: {
					code: "out_of_range",
					message: "integer overflow",
					data: z.object({ max: z.int() }),
				},
			},
			effect: "read",
		}),
		concat: method({
			summary: "Joins two strings.",
			input: z.object({ a: z.string(), b: z.string() }),
			output: z.object({ v: z.string() }),
			errors: {
				max_size_exceeded: { code: "invalid_argument", message: "result exceeds maximum size" },
			},
			effect: "read",
		}),
		primes: method({
			summary: "Streams the primes up to a bound, in order.",
			input: z.object({ upTo: z.int().max(10_000_000) }),
			output: stream(z.object({ prime: z.int() })),
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "Arithmetic on integers and strings." },
);
