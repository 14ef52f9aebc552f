import { ServiceError } from "@allium/core";

const strict = new TextDecoder("utf-8", { fatal: true });

/**
 * The query of a URL. The platform replaces bytes that are not UTF-8 by U+FFFD; here they are refused.
 *
 * @throws ServiceError `invalid_argument`.
 */
export function readQuery(url: string): URLSearchParams {
	const start = url.indexOf("?");
	const text = start < 0 ? "" : url.slice(start + 1);
	if (/%[89a-f]/i.test(text)) for (const [escapes] of text.matchAll(/(?:%[\da-f]{2})+/gi)) checkUtf8(escapes);
	return new URLSearchParams(text);
}

function checkUtf8(escapes: string): void {
	try {
		strict.decode(Buffer.from(escapes.replaceAll("%", ""), "hex"));
	} catch {
		throw new ServiceError({
			code: "invalid_argument",
			reason: "unparsable",
			message: `the query is not UTF-8: ${escapes.slice(0, 60)}`,
		});
	}
}
