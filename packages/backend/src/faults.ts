import { errorText, isServiceError, printable, ServiceError } from "@allium/core";
import { refusal, tlsFault, unavailable } from "@allium/core/adapter";

/** How much of an unexpected answer is shown, in characters. */
const shownLength = 120;

/** Node's message for a connection that ended in the handshake. The error has no code. */
const endedInHandshake = "before secure TLS connection was established";

/** The error of a request after `close`. */
export function backendClosed(): ServiceError {
	return new ServiceError({ code: "failed_precondition", message: "the registry is closed" });
}

/** How to go without TLS after a URL such as `consul+tls:` asked for it. */
export const defaultWithoutTls = 'leave out "+tls"';

/** The error of an answer that takes too much memory. */
export function tooLarge(maxBytes: number): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		message: `an answer takes more than ${maxBytes} bytes`,
	});
}

/** The error of a request that was not answered in time. */
export function unanswered(name: string, place: string, timeoutMs: number): ServiceError {
	return unavailable(`${name} at ${place} did not answer within ${Math.round(timeoutMs)} ms`);
}

/** The error of a stream that was silent for too long. */
export function silent(name: string, place: string, silenceMs: number): ServiceError {
	return unavailable(`${name} at ${place} was silent for ${Math.round(silenceMs)} ms`);
}

/** The error of a request over HTTP that could not be sent, or whose answer could not be read. */
export function unreachable(
	name: string,
	url: string,
	error: unknown,
	withoutTls: string = defaultWithoutTls,
): ServiceError {
	const code = codeOf(error);
	if (typeof code === "string" && code.startsWith("HPE_")) {
		return strangerAt(name, hostOf(url), "it does not speak HTTP");
	}
	// Servers close a connection that speaks HTTP where they expect TLS, or TLS where they expect HTTP.
	if (code === "ECONNRESET") {
		const hint = url.startsWith("http:")
			? "if it takes TLS only, ask for TLS in its URL"
			: `if it does not speak TLS, ${withoutTls}`;
		return unavailable(`${name} at ${hostOf(url)} cannot be reached: ${messageOf(error)}; ${hint}`, error);
	}
	return connectionFailure(name, hostOf(url), error, withoutTls);
}

/**
 * The error of a connection that could not be made, or that broke.
 *
 * @param name the name of the server for messages, such as `Consul`.
 * @param place its address, such as `10.0.0.1:8500`.
 * @param withoutTls how to go without TLS, for the message.
 */
export function connectionFailure(
	name: string,
	place: string,
	error: unknown,
	withoutTls: string = defaultWithoutTls,
): ServiceError {
	if (isServiceError(error)) {
		return new ServiceError({ code: error.code, message: `${name} at ${place}: ${error.message}` });
	}
	const fault = tlsFault(error, withoutTls);
	if (fault !== undefined) return refusal(`${name} at ${place} cannot be used over TLS: ${fault}`, error);
	const why = messageOf(error);
	const hint = why.includes(endedInHandshake) ? `; if it does not speak TLS, ${withoutTls}` : "";
	return unavailable(`${name} at ${place} cannot be reached: ${why}${hint}`, error);
}

/** The error of an answer that did not come from the expected kind of server. */
export function strangerAt(name: string, place: string, why: string): ServiceError {
	return refusal(`what answers at ${place} is not ${name}: ${why}; check the address`);
}

/** A part of an answer that may be shown to people: one line, of bounded length. */
export function excerpt(text: string): string {
	const line = printable(text.trim().slice(0, shownLength));
	return text.trim().length > shownLength ? `${line}…` : line;
}

/** The host and the port of a URL. */
export function hostOf(url: string): string {
	return new URL(url).host;
}

function codeOf(error: unknown): unknown {
	return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Node gives no message if it tried several addresses of one name. */
function messageOf(error: unknown): string {
	if (error instanceof AggregateError) return error.errors.map(messageOf).join(", ");
	if (!(error instanceof Error)) return errorText(error);
	return error.message === "" ? String(codeOf(error)) : excerpt(error.message);
}
