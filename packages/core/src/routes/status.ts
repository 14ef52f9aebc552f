import type { Code } from "../errors/code.ts";

const statuses: Readonly<Record<Code, number>> = {
	canceled: 499,
	unknown: 500,
	invalid_argument: 400,
	deadline_exceeded: 504,
	not_found: 404,
	already_exists: 409,
	permission_denied: 403,
	resource_exhausted: 429,
	failed_precondition: 400,
	aborted: 409,
	out_of_range: 400,
	unimplemented: 501,
	internal: 500,
	unavailable: 503,
	data_loss: 500,
	unauthenticated: 401,
};

/** The HTTP status of an error, as the Connect protocol maps it. */
export function httpStatus(code: Code): number {
	// The compiler does not check every caller.
	return statuses[code] ?? 500;
}

/** The code for an HTTP status that came without a Connect error, such as from a proxy. */
export function codeOfStatus(status: number): Code {
	switch (status) {
		case 400:
			return "internal";
		case 401:
			return "unauthenticated";
		case 403:
			return "permission_denied";
		case 404:
			return "unimplemented";
		case 429:
		case 502:
		case 503:
		case 504:
			return "unavailable";
		default:
			return "unknown";
	}
}

/** The code for an HTTP status of a service that knows nothing of Connect, as gRPC maps statuses. */
export function codeOfPlainStatus(status: number): Code {
	switch (status) {
		case 400:
		case 422:
			return "invalid_argument";
		case 401:
			return "unauthenticated";
		case 403:
			return "permission_denied";
		case 404:
		case 410:
			return "not_found";
		case 409:
			return "aborted";
		case 412:
			return "failed_precondition";
		case 429:
			return "resource_exhausted";
		case 501:
			return "unimplemented";
		case 502:
		case 503:
			return "unavailable";
		case 504:
			return "deadline_exceeded";
		default:
			return status >= 500 ? "internal" : "unknown";
	}
}
