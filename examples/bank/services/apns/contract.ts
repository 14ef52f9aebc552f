import { contract, method, stream } from "allium";
import * as z from "zod";

const NewPush = z.object({ id: z.string(), account: z.string(), title: z.string(), body: z.string() });

const Push = NewPush.extend({ position: z.int() });

/** Represents Apple's push notification service, and the phones behind it. */
export const Apns = contract(
	"apns",
	{
		push: method({ summary: "Pushes a message to a phone, once.", input: NewPush, effect: "idempotent" }),
		receive: method({
			summary: "What the phone of an account receives: what came after a position, then each as it comes.",
			input: z.object({ account: z.string(), after: z.int().min(0).optional() }),
			output: stream(Push),
			effect: "read",
		}),
	},
	{ version: "1.0.0", summary: "Messages to phones." },
);
