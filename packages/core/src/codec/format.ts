import type { Schema } from "../contract/schema.ts";
import type { Codec } from "./codec.ts";

/**
 * A way to write messages, of which each schema may have its own codec: JSON, protobuf, MessagePack.
 *
 * @example
 * const msgpack: Format = { name: "msgpack", number: 2, codec: () => msgpackCodec };
 */
export interface Format {
	/** The name in content types: `json` in `application/json` and `application/connect+json`. */
	readonly name: string;
	/** The number in frames: 0 is JSON, 1 protobuf, 2 MessagePack. */
	readonly number: number;
	/**
	 * The codec for the messages of a schema; `undefined` as the schema stands for the empty object. Asked once for
	 * each schema of a method.
	 *
	 * @returns undefined when messages of the schema cannot be written in this format.
	 */
	codec(schema: Schema | undefined): Codec | undefined;
}
