import { method, stream } from "@allium/core";
import * as z from "zod";

const Chain = z.object({
	at: z.date(),
	get next() {
		return Chain.optional();
	},
});

export const date = method({
	input: z.object({ article: z.string(), since: z.date() }),
});
export const deep = method({
	output: z.object({ deliveries: z.array(z.object({ on: z.date().optional() })) }),
});
export const message = method({
	output: stream(z.object({ pieces: z.bigint() })),
});
export const error = method({
	errors: { late: { code: "aborted", data: z.object({ seen: z.set(z.string()) }) } },
});
export const whole = method({
	input: z.map(z.string(), z.string()),
});
export const recursive = method({
	input: Chain,
});
export const holes = method({
	output: z.array(z.string().optional()),
});
export const code = method({
	input: z.object({ bytes: z.instanceof(Uint8Array), run: z.custom<() => void>() }),
});
