import { jsonCodec, type TextCodec } from "@allium/core";

/**
 * A message in JSON, as it came. A gateway does not look into messages, so it does not decode them: the service
 * validates the input anyway, and its output is valid. Code that needs the message, such as a REST route that fills a
 * header from the output, gets it from `toJSON`.
 */
export class RawJson {
	readonly text: string;

	constructor(text: string) {
		this.text = text;
	}

	/** The decoded message, which `JSON.stringify` uses in place of this object. */
	toJSON(): unknown {
		return jsonCodec.decode(this.text);
	}
}

/**
 * Passes JSON on as text. It also writes messages that the gateway made itself, such as the input of a REST route,
 * which is put together from the body, the query and the path.
 */
export const rawJsonCodec: TextCodec = {
	name: "json",
	binary: false,
	encode: (message) => (message instanceof RawJson ? message.text : jsonCodec.encode(message)),
	decode: (text) => new RawJson(text),
};
