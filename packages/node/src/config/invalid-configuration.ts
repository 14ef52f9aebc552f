import { isServiceError, printable, ServiceError } from "@allium/core";

const reason = "invalid_configuration";

/** The error of a configuration that cannot be used, as one sentence that says what to do. */
export function invalidConfiguration(message: string, cause?: unknown): ServiceError {
	return new ServiceError({ code: "failed_precondition", reason, message, cause });
}

/** The error of a variable or option whose value is not one that it takes. */
export function wrongValue(name: string, value: string | undefined, takes: string): ServiceError {
	return invalidConfiguration(`${name} is ${printable(JSON.stringify(value ?? ""))}, but takes ${takes}`);
}

/** Whether an error says that the configuration cannot be used. */
export function isInvalidConfiguration(error: unknown): error is ServiceError {
	return isServiceError(error) && error.reason === reason;
}
