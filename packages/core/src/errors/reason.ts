/**
 * Why something failed, in the words of the platform. Node tells a host that has several addresses by an
 * `AggregateError` without a message, and `fetch` by "fetch failed": there the reasons lie within.
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
