import { isServiceError, type ServiceError } from "@allium/core";
import { backendError, refusal, tlsFault, unavailable } from "@allium/core/adapter";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";

/** The error codes of JetStream's API that name a lack of room. */
const lacksRoom = [10_002, 10_023, 10_026, 10_027, 10_028, 10_047, 10_077, 10_110, 10_128];
const messageMissing = [10_037, 10_043, 10_057];
const notEnabled = 10_039;
const replicasNeedCluster = [10_005, 10_074];

/**
 * The reason why there is no connection, as one sentence that says what to do.
 *
 * @param mayNeedCertificate whether TLS is used without a certificate of this process. A server that asks for one then
 * closes the connection without a word.
 */
export function connectFailure(error: unknown, place: string, mayNeedCertificate = false): ServiceError {
	if (isServiceError(error)) return error;
	if (isAuthorization(error)) {
		return refusal(
			`the NATS server at ${place} refused the credentials; give those of a user that it knows`,
			error,
		);
	}
	const why = textOf(error);
	if (why.includes("does not support 'tls'")) {
		return refusal(`the NATS server at ${place} has no TLS; write nats:// to go without`, error);
	}
	const fault = tlsFault(error, "write nats://");
	if (fault !== undefined)
		return refusal(`the NATS server at ${place} cannot be used over TLS: ${fault}`, error);
	const hint = mayNeedCertificate ? "; if it asks for certificates of clients, give cert and key" : "";
	return unavailable(`no NATS server answers at ${place} (${why})${hint}`, error);
}

/** The failure of an operation, as one sentence that says what to do. */
export function operationFailure(error: unknown, place: string): ServiceError {
	if (isServiceError(error)) return error;
	const violation = permissionViolation(error);
	if (violation !== undefined) {
		const verb = violation.operation === "publish" ? "publish to" : "subscribe to";
		return backendError({
			code: "permission_denied",
			message: `the NATS server at ${place} does not let this user ${verb} "${violation.subject}"; allow that subject to the user, as the guide to NATS shows`,
			cause: error,
		});
	}
	if (isJetStreamMissing(error)) return jetStreamMissing(place, error);
	if (error instanceof JetStreamApiError) return apiFailure(error, place);
	return unavailable(`the NATS server at ${place} did not do what was asked (${textOf(error)})`, error);
}

/** Whether nobody listens where JetStream would: it is off, or the stream of a subject is missing. */
export function isJetStreamMissing(error: unknown): boolean {
	if (error instanceof errors.RequestError) return error.isNoResponders();
	if (error instanceof JetStreamApiError && error.code === notEnabled) return true;
	return error instanceof Error && error.name === "JetStreamNotEnabled";
}

/** Whether JetStream has no stream of the name that was asked for. */
export function isStreamMissing(error: unknown): boolean {
	return error instanceof JetStreamApiError && error.code === 10_059;
}

/** Whether a stream does not have the message that was to be removed. */
export function isMessageMissing(error: unknown): boolean {
	return error instanceof JetStreamApiError && messageMissing.includes(error.code);
}

/** Whether another message came to lie behind the one that was expected to be the last of its subject. */
export function isOtherLast(error: unknown): boolean {
	return error instanceof JetStreamApiError && (error.code === 10_071 || error.code === 10_164);
}

/** The error of a server or an account without JetStream. */
export function jetStreamMissing(place: string, cause?: unknown): ServiceError {
	return refusal(
		`the NATS server at ${place} has no JetStream for this account; start it with nats-server -js, or enable JetStream for the account`,
		cause,
	);
}

function apiFailure(error: JetStreamApiError, place: string): ServiceError {
	const said = `JetStream at ${place} refused: ${error.message}`;
	if (lacksRoom.includes(error.code)) {
		return refusal(`${said}; raise the limits of the account or of the server`, error);
	}
	if (replicasNeedCluster.includes(error.code)) {
		return refusal(`${said}; give "replicas" no more than the cluster has servers`, error);
	}
	return unavailable(said, error);
}

function permissionViolation(
	error: unknown,
): InstanceType<typeof errors.PermissionViolationError> | undefined {
	for (const one of [error, error instanceof Error ? error.cause : undefined]) {
		if (one instanceof errors.PermissionViolationError) return one;
	}
	return undefined;
}

function isAuthorization(error: unknown): boolean {
	return error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
}

function textOf(error: unknown): string {
	return error instanceof Error && error.message !== "" ? error.message : String(error ?? "no reason given");
}
