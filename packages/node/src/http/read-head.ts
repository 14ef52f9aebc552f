import { isServiceError, Metadata, noMetadata, type ReadonlyMetadata, type ServiceError } from "@allium/core";
import { appendHeader, headerNameOf, mediaType } from "@allium/core/http";
import type { HttpRequest } from "./http-request.ts";
import { invalid, type RequestHead } from "./request-head.ts";

/** The content of a head, while it is read in one pass. */
class ReadHead implements RequestHead {
	metadata: ReadonlyMetadata = noMetadata;
	mediaType: string | undefined;
	contentLength: number | undefined;
	contentEncoding: string | undefined;
	connectContentEncoding: string | undefined;
	connectVersion: string | undefined;
	timeoutMs: number = Number.POSITIVE_INFINITY;
	hasBody = false;
	hasOrigin = false;
	error: ServiceError | undefined;
}

/** Reads the head of a request. It never throws: a mistake of the client is in `error`. */
export function readHead(request: HttpRequest): RequestHead {
	const { known } = request;
	if (known?.head !== undefined) return known.head;
	const head = read(known?.rawHeaders ?? request.rawHeaders);
	// In HTTP/2 the end of the stream shows whether there is a body.
	if (request.version === 2) head.hasBody = request.hasBody;
	// Each request gets an error of its own, because errors are changed on their way.
	if (known !== undefined && head.error === undefined) known.head = head;
	return head;
}

function read(rawHeaders: readonly string[]): ReadHead {
	const head = new ReadHead();
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
	return head;
}

function readProtocolHeader(head: ReadHead, name: string, value: string): void {
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
