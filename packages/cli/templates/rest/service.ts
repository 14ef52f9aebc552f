import type { Service } from "allium";
import { NewService } from "./contract.ts";

/** How many notes are kept at most; the oldest makes room. */
const mostNotes = 10_000;

/** The business logic: plain functions, no transport in sight. It keeps the notes in memory. */
export function notesService(): Service<typeof NewService> {
	const notes = new Map<string, { id: string; text: string }>();
	return {
		async add({ text }) {
			const note = { id: crypto.randomUUID(), text };
			notes.set(note.id, note);
			if (notes.size > mostNotes) for (const oldest of notes.keys().take(1)) notes.delete(oldest);
			return note;
		},
		async get({ id }) {
			const note = notes.get(id);
			if (note === undefined) throw NewService.get.error.no_such_note();
			return note;
		},
		async list({ limit }) {
			return [...notes.values().take(limit)];
		},
	};
}
