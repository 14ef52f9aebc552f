import { reasonOf } from "../errors/reason.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";

/** The error of a call whose time ran out before it could be sent. */
export function queueFull(): ServiceError {
	return serviceErrorFrom(
		{ code: "resource_exhausted", message: "the call waited for its turn to be sent until its deadline" },
		{ notExecuted: true },
	);
}

/** The error for an address that cannot be reached. */
export function unreachable(address: string, cause: unknown): ServiceError {
	return serviceErrorFrom(
		{ code: "unavailable", message: `cannot reach ${address}: ${reasonOf(cause)}`, cause },
		{ notExecuted: true },
	);
}

/** The error for a call of a client that was closed. */
export function clientClosed(): ServiceError {
	return serviceErrorFrom(
		{ code: "unavailable", reason: "client_closed", message: "the client is closed" },
		{ notExecuted: true },
	);
}

/** The error for a message over the limit, on either side. */
export function messageTooLarge(limit: number): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		reason: "message_too_large",
		message: `the message is larger than ${limit} bytes`,
	});
}

const notCarriedReason = "not_carried";

/** The error for a method that a transport cannot carry. Clients call it at another address of the instance, if there is one. */
export function notCarried(message: string): ServiceError {
	return serviceErrorFrom(
		{ code: "unimplemented", reason: notCarriedReason, message },
		{ notExecuted: true },
	);
}

/** Whether an error is that of {@link notCarried}. */
export function isNotCarried({ reason, notExecuted }: ServiceError): boolean {
	return reason === notCarriedReason && notExecuted;
}
