import { type Format, jsonFormat, type Method, methodCodecs, protoFormat } from "@allium/core";
import { streamType, streamTypeOf, unaryType, unaryTypeOf } from "@allium/core/http";

/** The formats of Connect for which the schemas of a method have codecs. JSON comes first. */
const formats: readonly Format[] = [jsonFormat, protoFormat];

const byUnaryType = new Map(formats.map((format) => [unaryTypeOf(format), format]));
const byStreamType = new Map(formats.map((format) => [streamTypeOf(format), format]));

/** The format of a request with one message; undefined when its media type names none. */
export function unaryFormat(mediaType: string | undefined): Format | undefined {
	if (mediaType === unaryType) return jsonFormat;
	return mediaType === undefined ? undefined : byUnaryType.get(mediaType);
}

/** The format of a request with a stream of messages; undefined when its media type names none. */
export function streamFormat(mediaType: string | undefined): Format | undefined {
	if (mediaType === streamType) return jsonFormat;
	return mediaType === undefined ? undefined : byStreamType.get(mediaType);
}

/** The format that a query names by `encoding`; JSON when it names none, undefined when the name is unknown. */
export function queryFormat(query: string): Format | undefined {
	const [, name = "json"] = /[?&]encoding=([^&]*)/.exec(query) ?? [];
	return formats.find((format) => format.name === name);
}

/** The content types that a method accepts. */
export function acceptedTypes(method: Method, typeOf: (format: Format) => string): string[] {
	return formats.filter((format) => methodCodecs(method, format) !== undefined).map(typeOf);
}
