/**
 * Whether a web page may connect. A browser names the origin of the page, and asks nobody before it opens a WebSocket,
 * cookies included. So this check keeps other sites out. Other clients name no origin, and may connect.
 *
 * @param host the `Host` of the request. A page of the same host may always connect.
 * @param origins of other pages that may connect, such as `https://app.example.org`; `*` for all.
 */
export function isOriginAllowed(
	origin: string | undefined,
	host: string | undefined,
	origins: readonly string[],
): boolean {
	if (origin === undefined || origins.includes("*")) return true;
	const page = URL.parse(origin);
	if (page === null || page.origin === "null") return false;
	if (host !== undefined && page.host === URL.parse(`${page.protocol}//${host}`)?.host) return true;
	return origins.some((allowed) => URL.parse(allowed)?.origin === page.origin);
}
