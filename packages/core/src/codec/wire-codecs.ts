import type { Schema } from "../contract/schema.ts";
import type { BinaryCodec, TextCodec } from "./codec.ts";

/**
 * The codecs that a schema brings for its own messages, under `schema["~wire"]`. If they throw anything other than a
 * `ServiceError`, the message counts as one that cannot be read or written.
 */
export interface WireCodecs {
	/** Default: plain JSON. */
	readonly json?: TextCodec;
	/** Default: none, so that methods with this schema are not spoken in protobuf. */
	readonly proto?: BinaryCodec;
}

/** The codecs that a schema brings; undefined when it brings none. */
export function wireCodecs(schema: Schema): WireCodecs | undefined {
	return (schema as { readonly "~wire"?: WireCodecs })["~wire"];
}
