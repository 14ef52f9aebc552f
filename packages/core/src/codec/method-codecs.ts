import type { Method } from "../contract/method.ts";
import { messageSchema } from "../contract/stream.ts";
import type { Codec } from "./codec.ts";
import type { Format } from "./format.ts";

/** The codecs of a method in one format: of one message each, where a side is a stream. */
export interface MethodCodecs {
	readonly input: Codec;
	readonly output: Codec;
}

/** `null` for a method that cannot be spoken in the format. */
const known = new WeakMap<Format, WeakMap<Method, MethodCodecs | null>>();

/**
 * The codecs of a method in a format, found once for each method; undefined when a schema of the method has none
 * in that format.
 */
export function methodCodecs(method: Method, format: Format): MethodCodecs | undefined {
	let codecs = known.get(format);
	if (codecs === undefined) {
		codecs = new WeakMap();
		known.set(format, codecs);
	}
	let found = codecs.get(method);
	if (found === undefined) {
		found = findCodecs(method, format) ?? null;
		codecs.set(method, found);
	}
	return found ?? undefined;
}

function findCodecs(method: Method, format: Format): MethodCodecs | undefined {
	const input = format.codec(messageSchema(method.input));
	const output = format.codec(messageSchema(method.output));
	return input && output && { input, output };
}
