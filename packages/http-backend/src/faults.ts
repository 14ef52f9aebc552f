import { errorText, isServiceError, printable, ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";

/** How much of a stranger's answer is shown. */
const shownLength = 120;

const untrusted: ReadonlySet<unknown> = new Set([
	"UNABLE_TO_VERIFY_LEAF_SIGNATURE",
	"UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
	"SELF_SIGNED_CERT_IN_CHAIN",
	"DEPTH_ZERO_SELF_SIGNED_CERT",
	"CERT_HAS_EXPIRED",
	"ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** The codes of TLS alerts about the certificate of a client: it is missing, or not trusted. */
const refusedCertificate = /^ERR_SSL_.*ALERT_.*(CERT|UNKNOWN_CA)/;
/** How Node words a connection that ended in the handshake: it has no code of its own. */
const endedInHandshake = "before secure TLS connection was established";

/** The error of a request after `close`. */
export function backendClosed(): ServiceError {
	return new ServiceError({ code: "failed_precondition", message: "the registry is closed" });
}

/** The error of an answer that takes too much memory. */
export function tooLarge(maxBytes: number): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		message: `an answer takes more than ${maxBytes} bytes`,
	});
}

/** The error of a request that was not answered in time. */
export function unanswered(name: string, url: string, timeoutMs: number): ServiceError {
	return new ServiceError({
		code: "unavailable",
		message: `${name} at ${hostOf(url)} did not answer within ${Math.round(timeoutMs)} ms`,
	});
}

/** The error of a request that could not be sent, or whose answer could not be read. */
export function unreachable(name: string, url: string, error: unknown): ServiceError {
	if (isServiceError(error)) {
		return new ServiceError({ code: error.code, message: `${name} at ${hostOf(url)}: ${error.message}` });
	}
	const code = codeOf(error);
	if (untrusted.has(code)) {
		return refusal(
			`the certificate of ${name} at ${hostOf(url)} is not trusted (${messageOf(error)}): name its authority with ?ca=…`,
			error,
		);
	}
	if (typeof code === "string" && refusedCertificate.test(code)) {
		return refusal(
			`${name} at ${hostOf(url)} refused this process for its certificate (${messageOf(error)}): give one that it trusts with ?cert=…&key=…`,
			error,
		);
	}
	if (code === "EPROTO" || code === "ERR_SSL_WRONG_VERSION_NUMBER") {
		return refusal(
			`${name} at ${hostOf(url)} and this process agree on no TLS (${messageOf(error)}): if it does not speak TLS, leave out "+tls"`,
			error,
		);
	}
	if (typeof code === "string" && code.startsWith("HPE_")) {
		return strangerAt(name, url, "it does not speak HTTP");
	}
	const why = messageOf(error);
	const hint = why.includes(endedInHandshake) ? '; if it does not speak TLS, leave out "+tls"' : "";
	return new ServiceError({
		code: "unavailable",
		message: `${name} at ${hostOf(url)} cannot be reached: ${why}${hint}`,
		cause: error,
	});
}

/** The error of an answer that another server than the expected one gave. */
export function strangerAt(name: string, url: string, why: string): ServiceError {
	return refusal(`what answers at ${hostOf(url)} is not ${name}: ${why}; check the address`);
}

/** A part of an answer that may be shown to people: one line, of bounded length. */
export function excerpt(text: string): string {
	const line = printable(text.trim().slice(0, shownLength));
	return text.trim().length > shownLength ? `${line}…` : line;
}

function hostOf(url: string): string {
	return new URL(url).host;
}

function codeOf(error: unknown): unknown {
	return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Node gives no message where it tried several addresses of one name. */
function messageOf(error: unknown): string {
	if (error instanceof AggregateError) return error.errors.map(messageOf).join(", ");
	if (!(error instanceof Error)) return errorText(error);
	return error.message === "" ? String(codeOf(error)) : excerpt(error.message);
}
