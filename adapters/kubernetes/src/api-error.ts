import { ServiceError } from "@allium/core";

/** The longest text of an answer that a message repeats. */
const longestText = 300;

/** The error that a server answered. */
export interface ApiFailure {
	/** The HTTP status; for an error within a watch, the code of its `Status` object. */
	readonly status: number;
	/** The words of the server. */
	readonly message: string;
}

/** An answer of an API server that is an error. Its code follows from the HTTP status. */
export class ApiError extends ServiceError {
	readonly status: number;

	/** @param what the purpose of the request, such as "list endpointslices in the namespace shop". */
	constructor(server: string, what: string, { status, message }: ApiFailure) {
		super({ code: codeOf(status), message: sentence(server, what, status, message.slice(0, longestText)) });
		this.status = status;
	}

	/**
	 * Whether the server no longer has, or does not have yet, the version that was asked for, so that all has to be
	 * listed again.
	 */
	get isOfVersion(): boolean {
		return this.status === 410 || this.status === 504;
	}
}

/** Reads the `Status` object of an answer, as far as there is one. */
export function apiFailure(status: number, body: unknown): ApiFailure {
	const { message, code } =
		typeof body === "object" && body !== null ? { message: undefined, code: undefined, ...body } : {};
	return {
		status: typeof code === "number" ? code : status,
		message: typeof message === "string" ? message : "",
	};
}

function codeOf(
	status: number,
): "permission_denied" | "unauthenticated" | "failed_precondition" | "unavailable" {
	if (status === 403) return "permission_denied";
	if (status === 401) return "unauthenticated";
	return status === 404 ? "failed_precondition" : "unavailable";
}

function sentence(server: string, what: string, status: number, message: string): string {
	const told = message === "" ? "" : ` (${message})`;
	switch (status) {
		case 401:
			return `the API server ${server} refuses the credentials of this process${told}; renew the token, or log in again`;
		case 403:
			return `the API server ${server} does not let this process ${what}${told}; give it a role with the verbs list and watch on endpointslices of discovery.k8s.io`;
		case 404:
			return `the API server ${server} knows no endpointslices of discovery.k8s.io/v1${told}; it has to be Kubernetes 1.21 or later`;
		default:
			return `the API server ${server} answers ${status} to the request to ${what}${told}`;
	}
}
