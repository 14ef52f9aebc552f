import { excerpt } from "@allium/backend";
import { isServiceError, ServiceError } from "@allium/core";
import { refusal, unavailable } from "@allium/core/adapter";
import { ZooFault, zooCodes } from "./zoo-fault.ts";

/** The failure of a request, as one sentence that says what to do. */
export function failure(error: unknown, place: string, base: string): ServiceError {
	if (isServiceError(error)) return error;
	if (!(error instanceof ZooFault)) {
		return unavailable(`ZooKeeper at ${place} gave an answer that makes no sense`, error);
	}
	if (error.code === zooCodes.noAuth || error.code === zooCodes.authFailed) {
		return refusal(
			`ZooKeeper at ${place} does not let this user work under ${base} (${error.message}): give the user to whom the nodes there belong with zookeeper://USER:PASSWORD@…, or another path`,
			error,
		);
	}
	if (error.code === zooCodes.unimplemented) {
		return refusal(
			`ZooKeeper at ${place} is older than 3.5, which Allium needs for container nodes (${error.message})`,
			error,
		);
	}
	if (error.code === zooCodes.sessionExpired || error.code === zooCodes.sessionMoved) {
		return unavailable(`ZooKeeper at ${place} has ended the session (${error.message})`, error);
	}
	const message = `ZooKeeper at ${place} refuses a request: ${excerpt(error.message)}`;
	return new ServiceError({ code: "failed_precondition", message, cause: error });
}
