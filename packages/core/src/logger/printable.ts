/**
 * A foreign text as it may go to a terminal or a log. Characters that would control a terminal (C0 except tab and
 * line feed, DEL, C1), reorder letters, or break a line where none is expected are written as escapes such as
 * `\u001b`. JSON stays the same JSON.
 */
export function printable(text: string): string {
	return unprintable.test(text) ? text.replace(allUnprintable, escaped) : text;
}

// Control characters, separators of lines and paragraphs, and characters that change the direction of a text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const unprintable = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;
const allUnprintable = new RegExp(unprintable.source, "gu");

function escaped(letter: string): string {
	return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
