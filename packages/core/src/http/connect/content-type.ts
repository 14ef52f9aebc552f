import type { Format } from "../../codec/format.ts";

/** The content type of a message in JSON, and of the errors of all unary calls. */
export const unaryType = "application/json";

/** The content type of a stream of messages in JSON. */
export const streamType = "application/connect+json";

/** The content type of a message in a format: `application/proto`. */
export function unaryTypeOf({ name }: Format): string {
	return `application/${name}`;
}

/** The content type of a stream of messages in a format: `application/connect+proto`. */
export function streamTypeOf({ name }: Format): string {
	return `application/connect+${name}`;
}

/** The type of a `content-type` without its parameters. */
export function mediaType(contentType: string): string {
	// The constant, because strings that are the same object are compared faster.
	if (contentType === unaryType) return unaryType;
	const end = contentType.indexOf(";");
	return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
