import type { ServiceError } from "./service-error.ts";

/** Whether the cause of an error is the state of the callee, and not the call. */
export function isTrouble({ code }: ServiceError): boolean {
	return (
		code === "unavailable" ||
		code === "deadline_exceeded" ||
		code === "internal" ||
		code === "unknown" ||
		code === "data_loss"
	);
}

/** Whether an instance refused a call because it lacks the method. Another version of the service may have it. */
export function isRefusal({ code, notExecuted }: ServiceError): boolean {
	return code === "unimplemented" && notExecuted;
}
