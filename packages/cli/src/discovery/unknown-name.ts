import { type CommandError, notFound } from "../command/command-error.ts";
import { nearest } from "../text/nearest.ts";

/** The most names to list. */
const most = 20;

/** Makes the error for an unknown name. It suggests the nearest known name, and lists all of them. */
export function unknownName(
	sentence: string,
	name: string,
	existing: readonly string[],
	none: string,
): CommandError {
	const names = [...new Set(existing)].sort();
	const close = nearest(name, names);
	const more = names.length > most ? `, and ${names.length - most} more` : "";
	return notFound(`${sentence}.${close === undefined ? "" : ` Did you mean ${close}?`}`, [
		names.length === 0 ? none : `Known here: ${names.slice(0, most).join(", ")}${more}.`,
	]);
}
