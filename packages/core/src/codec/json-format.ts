import { checkedTextCodec } from "./checked-codec.ts";
import type { Format } from "./format.ts";
import { jsonCodec } from "./json-codec.ts";
import { wireCodecs } from "./wire-codecs.ts";

/** JSON, the default format: `schema["~wire"].json` where a schema brings that, else {@link jsonCodec}. */
export const jsonFormat: Format = {
	name: "json",
	number: 0,
	codec(schema) {
		const own = schema && wireCodecs(schema)?.json;
		return own === undefined ? jsonCodec : checkedTextCodec(own);
	},
};
