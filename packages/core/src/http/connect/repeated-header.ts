/** The headers that may occur only once in a message. Node, too, refuses to send them twice over HTTP/2. */
const single: ReadonlySet<string> = new Set([
	"access-control-allow-credentials",
	"access-control-max-age",
	"access-control-request-method",
	"age",
	"authorization",
	"content-length",
	"content-location",
	"content-md5",
	"content-range",
	"content-type",
	"date",
	"dnt",
	"etag",
	"expires",
	"from",
	"host",
	"if-modified-since",
	"if-range",
	"if-unmodified-since",
	"last-modified",
	"location",
	"max-forwards",
	"proxy-authorization",
	"range",
	"referer",
	"retry-after",
	"tk",
	"upgrade-insecure-requests",
	"user-agent",
	"x-content-type-options",
]);

/** Headers that are lists by RFC 9110, and that Node sends over HTTP/2 only as one line. */
const joined: ReadonlySet<string> = new Set([
	"content-encoding",
	"content-language",
	"if-match",
	"if-none-match",
]);

/** Whether a header, its name in lower case, may occur only once in a message. */
export function isSingleHeader(name: string): boolean {
	return single.has(name);
}

/**
 * Several values of one header in a form that every version of HTTP can carry. Of a header that may occur only once
 * the first value counts; nginx treats the answers of web services in the same way.
 *
 * @param name in lower case.
 * @param values at least two.
 */
export function repeatedHeader(name: string, values: readonly string[]): string | string[] {
	if (single.has(name)) return values[0] ?? "";
	return joined.has(name) ? values.join(", ") : [...values];
}
