import type { OutgoingHttpHeaders } from "node:http";
import type { Http2Stream } from "node:http2";

/** The answer to a request: what the responses of Node for both versions of HTTP have in common. */
export interface Response {
	/** Only in HTTP/2. */
	readonly stream?: Http2Stream | undefined;
	readonly statusCode: number;
	readonly headersSent: boolean;
	readonly writableFinished: boolean;
	readonly destroyed: boolean;
	writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
	flushHeaders?(): void;
	/** False when the client has to read first; `drain` tells when it has. */
	write(chunk: Buffer): boolean;
	end(chunk?: string | Buffer): unknown;
	/** Ends it as broken. */
	destroy(error?: Error): unknown;
	on(event: "close" | "drain" | "error", listener: () => void): unknown;
	/** `finish` says that the answer is out; in HTTP/2 its stream tells it sooner. */
	once(event: "close" | "drain" | "finish", listener: () => void): unknown;
}

/** Whether a response that has closed went out whole. */
export function isDelivered({ stream, writableFinished }: Response): boolean {
	return stream === undefined ? writableFinished : stream.rstCode === 0 && !stream.aborted;
}
