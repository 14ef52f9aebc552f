/** How deep the reasons inside of reasons are looked at, because an error may be its own cause. */
const deepest = 8;

/**
 * The reason of a failure, in the words of the platform. For a host with several addresses, Node throws an
 * `AggregateError` without a message, and `fetch` throws "fetch failed"; in both cases the reasons lie inside. Never
 * throws, although the caught value may be anything, even a value that cannot be examined.
 */
export function reasonOf(cause: unknown): string {
	try {
		return textOf(cause, 0);
	} catch {
		return "a value that cannot be shown";
	}
}

function textOf(cause: unknown, depth: number): string {
	if (!(cause instanceof Error)) return String(cause);
	const { message, code } = cause as { message: unknown; code?: unknown };
	if (depth < deepest) {
		if (cause instanceof AggregateError && cause.errors.length > 0) {
			return [...new Set(cause.errors.map((error) => textOf(error, depth + 1)))].join("; ");
		}
		if (message === "fetch failed" && cause.cause !== undefined) return textOf(cause.cause, depth + 1);
	}
	return message !== "" ? String(message) : typeof code === "string" ? code : cause.name;
}
