import { printable } from "@allium/core/printable";

/** Nobody outside of this process knows it, so nobody else's text can be taken for a sequence of ours. */
const secret = crypto.randomUUID();
const sealed = new RegExp(`<${secret}([\\d;:]*)>`, "g");
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what sequences begin with
const sequences = /\x1b\[([\d;:]*)m/g;

/**
 * Marks the sequences in a text that style it, so that {@link unseal} lets them through: of a text of our own, or
 * what a developer's own services print.
 */
export function seal(text: string): string {
	return text.replace(sequences, `<${secret}$1>`);
}

/** A text as it may go to a terminal: what strangers wrote cannot control it, and what was sealed styles it. */
export function unseal(text: string): string {
	return printable(text).replace(sealed, "\x1b[$1m");
}

/** A text without what was sealed in it, to find out how much room it takes. */
export function unstyled(text: string): string {
	return text.replace(sealed, "");
}
