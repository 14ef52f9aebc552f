/**
 * Whether a web page may connect. Browsers say of which origin a page is, and ask nobody before they open a
 * WebSocket, cookies and all; so this is what keeps other sites out. Other clients say nothing and may.
 *
 * @param host the `Host` of the request: a page of the same host may always.
 * @param origins of other pages that may, such as `https://app.example.org`; `*` for all.
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
