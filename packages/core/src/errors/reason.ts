/**
 * The reason of a failure, in the words of the platform. For a host with several addresses, Node throws an
 * `AggregateError` without a message, and `fetch` throws "fetch failed"; there the reasons lie inside.
 */
export function reasonOf(cause: unknown): string {
	if (!(cause instanceof Error)) return String(cause);
	if (cause instanceof AggregateError && cause.errors.length > 0) {
		return [...new Set(cause.errors.map(reasonOf))].join("; ");
	}
	if (cause.message === "fetch failed" && cause.cause !== undefined) return reasonOf(cause.cause);
	const { code } = cause as { code?: unknown };
	return cause.message !== "" ? cause.message : typeof code === "string" ? code : cause.name;
}
