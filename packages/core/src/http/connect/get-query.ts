import type { EncodedMessage } from "../../codec/codec.ts";
import { toBase64 } from "../../encoding/base64.ts";

/** The longest query of a GET. Servers and proxies bound the head of a request, many of them to 8 KiB. */
const longestQuery = 6 * 1024;

/**
 * The query of a call by GET: the input and its format.
 *
 * @param format the format's name, such as `json`.
 * @returns undefined when the input is too long for a URL and must be sent by POST.
 */
export function getQuery(format: string, message: EncodedMessage): string | undefined {
	// Escaping only makes the input longer, so one that is too long already need not be escaped first.
	if (message.length > longestQuery) return undefined;
	const query =
		typeof message === "string"
			? `?connect=v1&encoding=${format}&message=${encodeURIComponent(message)}`
			: `?connect=v1&encoding=${format}&base64=1&message=${urlSafe(toBase64(message))}`;
	return query.length > longestQuery ? undefined : query;
}

function urlSafe(base64: string): string {
	return base64.replaceAll("+", "-").replaceAll("/", "_");
}
