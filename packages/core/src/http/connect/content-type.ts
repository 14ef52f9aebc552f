/** The content type of a message, and of the error of a unary call. */
export const unaryType = "application/json";

/** The content type of a stream of messages. */
export const streamType = "application/connect+json";

/** The type of a `content-type` without its parameters. */
export function mediaType(contentType: string): string {
	if (contentType === unaryType) return contentType;
	const end = contentType.indexOf(";");
	return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
