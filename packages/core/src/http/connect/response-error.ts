import type { Codec } from "../../codec/codec.ts";
import type { Method } from "../../contract/method.ts";
import type { ReadonlyMetadata } from "../../errors/readonly-metadata.ts";
import { reasonOf } from "../../errors/reason.ts";
import { ServiceError, serviceErrorFrom } from "../../errors/service-error.ts";
import { codeOfStatus } from "../../routes/status.ts";
import type { Compression } from "./compression.ts";
import { readConnectError } from "./connect-error.ts";
import { mediaType, unaryType } from "./content-type.ts";

/** The headers of a response, names in lower case. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** One value of a header. */
export function header(headers: ResponseHeaders, name: string): string | undefined {
	const value = headers[name];
	return typeof value === "string" ? value : value?.[0];
}

/** Whether a response has the content type. */
export function hasType(headers: ResponseHeaders, type: string): boolean {
	return mediaType(header(headers, "content-type") ?? "") === type;
}

/** The error for a response with a status other than 200, whether the server or a proxy sent it. */
export function responseError(
	status: number,
	headers: ResponseHeaders,
	body: string,
	method: Method,
	trailers: ReadonlyMetadata,
): ServiceError {
	const retryAfter = header(headers, "retry-after");
	const error = readConnectError(hasType(headers, unaryType) ? parse(body) : undefined, {
		method,
		code: codeOfStatus(status),
		message: `HTTP status ${status} in answer to ${method.path}`,
		metadata: trailers,
		retryAfterMs:
			retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : undefined,
	});
	// The path does not exist, so no handler ran.
	const isMissing = status === 404 && error.code === "unimplemented";
	return isMissing ? serviceErrorFrom(error, { notExecuted: true, domain: error.domain }) : error;
}

/** The error of a connection that was lost while a call was under way. */
export function connectionLost(method: Method, cause: unknown, notExecuted = false): ServiceError {
	return serviceErrorFrom(
		{ code: "unavailable", message: `the connection was lost: ${reasonOf(cause)}`, cause },
		{ domain: method.service, notExecuted },
	);
}

/**
 * Whether an answer is compressed with the given compression.
 *
 * @param name the header that tells: `content-encoding`, or `connect-content-encoding` for single messages.
 * @throws ServiceError `internal` for another compression.
 */
export function isCompressed<C extends Compression>(
	headers: ResponseHeaders,
	name: string,
	compression: C | undefined,
): compression is C {
	const encoding = header(headers, name);
	if (encoding === undefined || encoding === "" || encoding === "identity") return false;
	if (encoding === compression?.name) return true;
	const message = `the answer is compressed as ${JSON.stringify(encoding)}, which was not asked for`;
	throw new ServiceError({ code: "internal", message });
}

/** An error that this side found in what the server sent. */
export function foreign({ service }: Method, error: ServiceError): ServiceError {
	return serviceErrorFrom({ ...error, message: error.message }, { domain: service });
}

/** The error for an answer that no Connect server gives. */
export function protocolError(method: Method, message: string): ServiceError {
	return serviceErrorFrom({ code: "internal", message }, { domain: method.service });
}

/** The error for an answer that its codec cannot read. */
export function unreadable(method: Method, what: string, { name }: Codec, cause: unknown): ServiceError {
	const format = name === "json" ? "JSON" : name;
	return serviceErrorFrom(
		{ code: "internal", message: `${what} to ${method.path} is not ${format}`, cause },
		{ domain: method.service },
	);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
