import type { Format } from "../../codec/format.ts";
import { jsonCodec } from "../../codec/json-codec.ts";
import { jsonFormat } from "../../codec/json-format.ts";
import { type MethodCodecs, methodCodecs } from "../../codec/method-codecs.ts";
import type { Method } from "../../contract/method.ts";
import type { ByteHandling } from "../../transport/pipe.ts";
import type { Compression } from "./compression.ts";
import { streamTypeOf, unaryTypeOf } from "./content-type.ts";

/** A method at one address, as calls over HTTP need to know it, worked out once. */
export interface HttpCallee {
	readonly method: Method;
	readonly address: string;
	readonly maxMessageBytes: number;
	/** The fastest way to handle bytes on this platform. */
	readonly bytes: ByteHandling;
	/** The format of the messages. */
	readonly format: Format;
	readonly codecs: MethodCodecs;
	/** The content type of requests and of successful answers. */
	readonly contentType: string;
	/** The compression that answers may have; undefined when the requests accept none. */
	readonly compression?: Compression | undefined;
}

/** The facts that {@link httpCallee} takes. */
export interface HttpCalleeInit
	extends Pick<HttpCallee, "method" | "address" | "maxMessageBytes" | "bytes" | "compression"> {
	/** The preferred format. Default: JSON. */
	readonly format?: Format | undefined;
}

/**
 * Describes a method for its calls. A method without codecs for the format is called in JSON, which every method
 * has.
 */
export function httpCallee({ format = jsonFormat, ...rest }: HttpCalleeInit): HttpCallee {
	const { method } = rest;
	const preferred = methodCodecs(method, format);
	const spoken = preferred === undefined ? jsonFormat : format;
	return {
		...rest,
		format: spoken,
		codecs: preferred ?? methodCodecs(method, jsonFormat) ?? plainJson,
		contentType: method.kind === "unary" ? unaryTypeOf(spoken) : streamTypeOf(spoken),
	};
}

const plainJson: MethodCodecs = { input: jsonCodec, output: jsonCodec };
