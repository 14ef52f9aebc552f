import type { Method } from "@allium/core";

/**
 * How a stream continues after the last message that a client received, from `meta: { resume: { input: "after", id:
 * "position" } }` on a method. Both values are strings or numbers.
 */
export interface Resumption {
	/** The member of the input that takes the id of that message. */
	readonly input: string;
	/** The member of each message that is its id. */
	readonly id: string;
}

/** How the stream of a method is resumed; undefined when it cannot be resumed. */
export function resumptionOf({ meta }: Method): Resumption | undefined {
	return isResumption(meta.resume) ? meta.resume : undefined;
}

/** The mistake in `meta.resume` of a method; undefined when there is none. */
export function resumptionMistake({ meta, path, kind }: Method): string | undefined {
	if (meta.resume === undefined || (isResumption(meta.resume) && kind === "server_stream")) return undefined;
	return `meta.resume of ${path} is ignored; it takes { input, id }, the names of a member of the input and of one of each message of a stream`;
}

/**
 * The id of a message as an event carries it: JSON in ASCII, so that a header can return it; undefined when the message
 * has none.
 */
export function eventId({ id }: Resumption, message: unknown): string | undefined {
	const value: unknown = Object(message)[id];
	if (typeof value !== "string" && typeof value !== "number") return undefined;
	return JSON.stringify(value).replace(/[\u007f-\uffff]/g, escaped);
}

function escaped(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function isResumption(value: unknown): value is Resumption {
	if (typeof value !== "object" || value === null) return false;
	return "input" in value && typeof value.input === "string" && "id" in value && typeof value.id === "string";
}
