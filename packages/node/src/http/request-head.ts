import { type ReadonlyMetadata, ServiceError } from "@allium/core";

/** The content of a request's head. Requests with the same head may share it. */
export interface RequestHead {
	readonly metadata: ReadonlyMetadata;
	/** In lower case, without parameters. */
	readonly mediaType: string | undefined;
	readonly contentLength: number | undefined;
	readonly contentEncoding: string | undefined;
	readonly connectContentEncoding: string | undefined;
	readonly connectVersion: string | undefined;
	/** Infinity when the caller did not state one. */
	readonly timeoutMs: number;
	/** Whether there may be a body. */
	readonly hasBody: boolean;
	/** Whether a browser sent it for a page. */
	readonly hasOrigin: boolean;
	/** The error that ends the call. It is reported after the guard has decided. */
	readonly error: ServiceError | undefined;
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
