import type { BinaryCodec, Format } from "@allium/core";
import { ServiceError } from "@allium/core";
import { Packr } from "msgpackr";
import { checkJsonValue, toJsonValue } from "./json-value.ts";

/**
 * MessagePack, as a format of calls over Allium frames. Messages carry the same values as JSON, so callers and services
 * see no difference. It is smaller than JSON and, in Node, slower: measure before you choose it.
 *
 * Both sides must name it. A side that does not is called in JSON.
 *
 * @example
 * const transport = frames({ formats: [msgpack()] });
 */
export function msgpack(): Format {
	return { name: "msgpack", number: 2, codec: () => codec };
}

// Records would make each message depend on the earlier ones, and they are not part of MessagePack.
const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: "number" });

const codec: BinaryCodec = {
	name: "msgpack",
	binary: true,
	encode(message) {
		try {
			// A handler without an output returns nothing, which stands for the empty object.
			return packr.pack(message === undefined ? {} : toJsonValue(message));
		} catch (cause) {
			throw new ServiceError({
				code: "internal",
				message: `the message cannot be written as MessagePack: ${(cause as Error).message}`,
				cause,
			});
		}
	},
	decode(bytes) {
		try {
			const message: unknown = packr.unpack(bytes);
			checkJsonValue(message);
			return message;
		} catch (cause) {
			throw new ServiceError({
				code: "invalid_argument",
				reason: "unparsable",
				message: `the message is not MessagePack: ${(cause as Error).message}`,
				cause,
			});
		}
	},
};
