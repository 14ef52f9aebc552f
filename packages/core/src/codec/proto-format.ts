import { checkedBinaryCodec } from "./checked-codec.ts";
import type { BinaryCodec } from "./codec.ts";
import type { Format } from "./format.ts";
import { wireCodecs } from "./wire-codecs.ts";

/** Protobuf's binary format: `schema["~wire"].proto`, for schemas that bring that. */
export const protoFormat: Format = {
	name: "proto",
	number: 1,
	codec(schema) {
		if (schema === undefined) return emptyMessage;
		const own = wireCodecs(schema)?.proto;
		return own && checkedBinaryCodec(own);
	},
};

/** `google.protobuf.Empty`. Fields that a later version of a peer adds are passed over, as protobuf has it. */
const emptyMessage: BinaryCodec = {
	name: "proto",
	binary: true,
	encode: () => new Uint8Array(),
	decode: () => ({}),
};
