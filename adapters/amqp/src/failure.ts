import { isServiceError, type ServiceError } from "@allium/core";
import { backendError, refusal, tlsFault, unavailable } from "@allium/core/adapter";

/** The code that the server or the client library gave an error: `NOT_FOUND`, `ECONNREFUSED`. */
export function codeOf(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The failure of a connection or of a request, as one sentence that says what to do. */
export function failure(error: unknown, place: string): ServiceError {
	if (isServiceError(error)) return error;
	const code = codeOf(error);
	const said = textOf(error);
	if (code === "ACCESS_REFUSED" && said.includes("Login was refused")) {
		return refusal(
			`RabbitMQ at ${place} refuses the user or the password; give those of a user that it knows`,
			error,
		);
	}
	if (code === "ACCESS_REFUSED") {
		const message = `RabbitMQ at ${place} does not let this user do what Allium needs (${said}); grant it, as the guide to RabbitMQ shows`;
		return backendError({ code: "permission_denied", message, cause: error });
	}
	if (code === "NOT_ALLOWED") {
		return refusal(
			`RabbitMQ at ${place} does not let this user into the virtual host (${said}); make it, or grant the user its permissions`,
			error,
		);
	}
	if (code === "PRECONDITION_FAILED" && said.includes("inequivalent arg")) {
		return refusal(
			`RabbitMQ at ${place} has a queue or an exchange of this name with other settings (${said}); delete it, or use another namespace`,
			error,
		);
	}
	if (code === "NOT_FOUND" && said.includes("no exchange")) {
		return unavailable(
			`RabbitMQ at ${place} has lost an exchange (${said}); the processes that take from it make it again within seconds`,
			error,
		);
	}
	const fault = tlsFault(error, "write amqp://");
	if (fault !== undefined) return refusal(`RabbitMQ at ${place} cannot be used over TLS: ${fault}`, error);
	return unavailable(`RabbitMQ at ${place} does not answer (${said})`, error);
}

/**
 * The failure of a first connection. A server that speaks only TLS ends a connection without TLS, and gives no reason.
 */
export function connectFailure(error: unknown, place: string): ServiceError {
	const hint = "; if it speaks TLS there, write amqps://";
	const isEnded =
		["ECONNRESET", "CONN_CLOSE", "EPIPE"].includes(codeOf(error)) && place.startsWith("amqp://");
	const failed = failure(error, place);
	return isEnded ? unavailable(failed.message + hint, error) : failed;
}

function textOf(error: unknown): string {
	return error instanceof Error && error.message !== "" ? error.message : codeOf(error) || "no reason given";
}
