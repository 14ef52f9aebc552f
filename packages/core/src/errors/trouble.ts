import type { ServiceError } from "./service-error.ts";

/** Whether an error says that the callee is in trouble, rather than the call. */
export function isTrouble({ code }: ServiceError): boolean {
	return (
		code === "unavailable" ||
		code === "deadline_exceeded" ||
		code === "internal" ||
		code === "unknown" ||
		code === "data_loss"
	);
}

/** Whether an instance refused a call as it lacks the method: another version of the service may have it. */
export function isRefusal({ code, notExecuted }: ServiceError): boolean {
	return code === "unimplemented" && notExecuted;
}
