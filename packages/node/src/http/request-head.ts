import { isServiceError, Metadata, noMetadata, type ReadonlyMetadata, ServiceError } from "@allium/core";
import { appendHeader, headerNameOf, mediaType } from "@allium/core/http";
import type { HttpRequest } from "./http-request.ts";

/** The content of a request's head, read in one pass. */
export class RequestHead {
	metadata: ReadonlyMetadata = noMetadata;
	/** In lower case, without parameters. */
	mediaType: string | undefined;
	contentLength: number | undefined;
	contentEncoding: string | undefined;
	connectContentEncoding: string | undefined;
	connectVersion: string | undefined;
	timeoutMs: number = Number.POSITIVE_INFINITY;
	/** Whether there may be a body. */
	hasBody = false;
	/** Whether a browser sent it for a page. */
	hasOrigin = false;
	/** The error that ends the call. It is reported after the guard has decided. */
	error: ServiceError | undefined;
}

/** Reads the head of a request. It never throws: a mistake of the client is in `error`. */
export function readHead(request: HttpRequest): RequestHead {
	const head = new RequestHead();
	const { rawHeaders } = request;
	let metadata: Metadata | undefined;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		const header = headerNameOf(rawHeaders[index] as string);
		const value = rawHeaders[index + 1] as string;
		if (header.isProtocol) {
			readProtocolHeader(head, header.name, value);
			continue;
		}
		if (header.name === "origin") head.hasOrigin = true;
		metadata ??= new Metadata();
		try {
			appendHeader(metadata, header, value);
		} catch (error) {
			if (isServiceError(error)) head.error ??= error;
		}
	}
	if (metadata !== undefined) head.metadata = metadata;
	// In HTTP/2 the end of the stream shows whether there is a body.
	if (request.version === 2) head.hasBody = request.hasBody;
	return head;
}

function readProtocolHeader(head: RequestHead, name: string, value: string): void {
	switch (name) {
		case "content-type":
			head.mediaType = mediaType(value);
			break;
		case "content-length":
			head.contentLength = Number(value);
			head.hasBody ||= head.contentLength > 0;
			break;
		case "transfer-encoding":
			head.hasBody = true;
			break;
		case "content-encoding":
			head.contentEncoding = value;
			break;
		case "connect-content-encoding":
			head.connectContentEncoding = value;
			break;
		case "connect-protocol-version":
			head.connectVersion = value;
			break;
		case "connect-timeout-ms":
			if (/^\d{1,10}$/.test(value)) head.timeoutMs = Number(value);
			else head.error ??= invalid(`connect-timeout-ms takes up to 10 digits, not ${JSON.stringify(value)}`);
			break;
	}
}

/** Whether a request only asks for something and changes nothing. HEAD is answered as GET is, without the body. */
export function isGet({ method }: HttpRequest): boolean {
	return method === "GET" || method === "HEAD";
}

/** Refuses a request whose head asks for something that this server does not do. */
export function checkHead(head: RequestHead): void {
	if (head.error !== undefined) throw head.error;
	if (head.connectVersion !== undefined && head.connectVersion !== "1") {
		throw invalid(`connect-protocol-version must be 1, not ${JSON.stringify(head.connectVersion)}`);
	}
}

/** The error of a malformed request. */
export function invalid(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", reason: "invalid_request", message });
}
