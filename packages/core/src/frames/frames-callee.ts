import type { Format } from "../codec/format.ts";
import { jsonCodec } from "../codec/json-codec.ts";
import { jsonFormat } from "../codec/json-format.ts";
import { type MethodCodecs, methodCodecs } from "../codec/method-codecs.ts";
import { givesStream, type Method } from "../contract/method.ts";
import { formatFlags } from "./wire/request-frame.ts";

/** One format in which a method is called. */
export interface CallEncoding {
	readonly codecs: MethodCodecs;
	/** The format among the formats of SETTINGS. */
	readonly mask: number;
	/** The flags of a REQUEST that name the format. */
	readonly flags: number;
}

/** A method as calls over frames need to know it, worked out once. */
export interface FramesCallee {
	readonly method: Method;
	/** `service/method` as UTF-8. */
	readonly path: Uint8Array;
	/** Whether the reply is a stream. */
	readonly givesStream: boolean;
	/** The formats of the method that this side speaks, in order of preference. JSON is the last. */
	readonly encodings: readonly CallEncoding[];
}

/** @param formats those to prefer to JSON, in order; a method that has no codecs in one goes without it. */
export function framesCallee(method: Method, formats: readonly Format[]): FramesCallee {
	const encodings: CallEncoding[] = [];
	for (const format of formats) {
		const codecs = methodCodecs(method, format);
		if (codecs !== undefined) encodings.push(encoding(format, codecs));
	}
	encodings.push(encoding(jsonFormat, jsonCodecs(method)));
	const path = new TextEncoder().encode(method.path);
	return { method, path, givesStream: givesStream(method.kind), encodings };
}

/** The encoding for calls to a side that reads these formats: the first of the method that it reads. */
export function encodingFor({ encodings }: FramesCallee, remoteFormats: number): CallEncoding {
	let chosen = encodings[0] as CallEncoding;
	for (let index = 1; (chosen.mask & remoteFormats) === 0 && index < encodings.length; index++) {
		chosen = encodings[index] as CallEncoding;
	}
	return chosen;
}

/** Found once for each method: every call asks. */
const inJson = new WeakMap<Method, MethodCodecs>();

/** The codecs of a method in JSON, which every method has. */
export function jsonCodecs(method: Method): MethodCodecs {
	let codecs = inJson.get(method);
	if (codecs === undefined) {
		codecs = methodCodecs(method, jsonFormat) ?? plainJson;
		inJson.set(method, codecs);
	}
	return codecs;
}

/** JSON for methods whose schemas bring no codecs of their own. */
export const plainJson: MethodCodecs = { input: jsonCodec, output: jsonCodec };

function encoding(format: Format, codecs: MethodCodecs): CallEncoding {
	return { codecs, mask: 1 << format.number, flags: formatFlags(format.number) };
}
