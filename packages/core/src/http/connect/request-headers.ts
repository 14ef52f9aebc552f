import type { Context } from "../../context/context.ts";
import { headerValue, isProtocolHeader } from "./headers.ts";

/** The largest timeout that Connect can carry, in milliseconds. */
const longestTimeoutMs = 9_999_999_999;

/**
 * The headers of a call. Names and values alternate.
 *
 * @param contentType undefined for a GET, which has no body and states the version of the protocol in its query.
 */
export function requestHeaders(contentType: string | undefined, ctx: Context): string[] {
	const headers =
		contentType === undefined ? [] : ["content-type", contentType, "connect-protocol-version", "1"];
	const remaining = ctx.remaining();
	if (remaining !== Number.POSITIVE_INFINITY) {
		// Rounded up, so that the callee does not give up before the caller does.
		headers.push("connect-timeout-ms", String(Math.min(longestTimeoutMs, Math.ceil(remaining))));
	}
	for (const [name, value] of ctx.outgoing) {
		if (!isProtocolHeader(name)) headers.push(name, headerValue(value));
	}
	return headers;
}
