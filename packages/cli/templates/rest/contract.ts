import { contract, method } from "allium";
import * as z from "zod";

const note = z.object({ id: z.string(), text: z.string() });

/** What new-service offers: shared by the service, its callers and browsers. */
export const NewService = contract(
	"new-service",
	{
		add: method({
			summary: "Keeps a note.",
			input: z.object({ text: z.string().min(1).max(1_000) }),
			output: note,
		}),
		get: method({
			summary: "Finds a note by its id.",
			input: z.object({ id: z.string() }),
			output: note,
			errors: { no_such_note: { code: "not_found", message: "there is no such note" } },
			effect: "read",
		}),
		list: method({
			summary: "Lists the notes, the oldest first.",
			input: z.object({ limit: z.int().min(1).max(100).default(20) }),
			output: z.array(note),
			effect: "read",
		}),
	},
	{ version: "0.1.0", summary: "Keeps notes." },
);
