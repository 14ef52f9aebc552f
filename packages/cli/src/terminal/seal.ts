import { printable } from "@allium/core/printable";

/** Only this process knows the secret, so foreign text cannot imitate a sealed sequence. */
const secret = crypto.randomUUID();
const sealed = new RegExp(`<${secret}([\\d;:]*)>`, "g");
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what sequences begin with
const sequences = /\x1b\[([\d;:]*)m/g;

/**
 * Marks the styling sequences of a trusted text, so that {@link unseal} lets them through. Trusted text comes from the
 * command itself, or from a developer's own services.
 */
export function seal(text: string): string {
	return text.replace(sequences, `<${secret}$1>`);
}

/**
 * Returns a text that is safe for a terminal: foreign text cannot control the terminal, and sealed sequences style it.
 */
export function unseal(text: string): string {
	return printable(text).replace(sealed, "\x1b[$1m");
}

/** A text without its sealed sequences, to measure its width. */
export function unstyled(text: string): string {
	return text.replace(sealed, "");
}
