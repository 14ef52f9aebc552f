import { backendError } from "../errors/backend-error.ts";
import type { ServiceError } from "../errors/service-error.ts";

/** The error of a URL or an option that cannot be used. */
export function invalidUrl(message: string): ServiceError {
	return backendError({ code: "invalid_argument", message });
}

/** The error of a use that another try does not help. */
export function refusal(message: string, cause?: unknown): ServiceError {
	return backendError({ code: "failed_precondition", message, cause });
}

/** The error of something that may work later. */
export function unavailable(message: string, cause?: unknown): ServiceError {
	return backendError({ code: "unavailable", message, cause });
}
