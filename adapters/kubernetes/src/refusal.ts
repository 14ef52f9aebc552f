import { ServiceError } from "@allium/core";

/** An error of use or of configuration: another try changes nothing. */
export function refusal(message: string, cause?: unknown): ServiceError {
	return new ServiceError({ code: "failed_precondition", message, cause });
}

/** A URL or option of a wrong form. */
export function invalid(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
