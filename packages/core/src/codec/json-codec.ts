import { ServiceError } from "../errors/service-error.ts";
import type { TextCodec } from "./codec.ts";

/**
 * JSON, the default codec. A message that JSON cannot carry is `internal` when it is sent, which is a bug on this side,
 * and `invalid_argument` when it arrives.
 */
export const jsonCodec: TextCodec = {
	name: "json",
	binary: false,
	encode(message) {
		try {
			// A handler without an output returns nothing, which stands for the empty object.
			const text: string | undefined = message === undefined ? "{}" : JSON.stringify(message);
			if (text === undefined) throw new TypeError(`a ${typeof message} has no JSON`);
			return text;
		} catch (cause) {
			throw new ServiceError({ code: "internal", message: "the message cannot be written as JSON", cause });
		}
	},
	decode(text) {
		try {
			// Some editors begin a file with a byte order mark, which is no part of the JSON: RFC 8259 section 8.1.
			return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
		} catch (cause) {
			throw new ServiceError({
				code: "invalid_argument",
				reason: "unparsable",
				message: `the message is not JSON: ${(cause as Error).message}`,
				cause,
			});
		}
	},
};
