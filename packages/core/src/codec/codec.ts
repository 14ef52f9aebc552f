/** Turns a message into the text that crosses the wire, and back. The transport makes the text UTF-8. */
export interface Codec {
	/** As in content types: `json`. */
	readonly name: string;
	encode(message: unknown): string;
	decode(text: string): unknown;
}
