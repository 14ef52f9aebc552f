import type { OutgoingHttpHeaders } from "node:http";
import type { Http2Stream } from "node:http2";
import type { Socket } from "node:net";

/** A response of Node: what those of both versions of HTTP have in common. */
export interface Response {
	/** Null in HTTP/1.1 while the response waits behind others. */
	readonly socket: Socket | null;
	/** Only in HTTP/2. */
	readonly stream?: Http2Stream;
	/** Only in HTTP/1.1. */
	readonly writableFinished?: boolean;
	readonly destroyed?: boolean;
	writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
	flushHeaders?(): void;
	write(chunk: Buffer): boolean;
	end(chunk: string | Buffer): unknown;
	on(event: "close" | "drain" | "error", listener: () => void): unknown;
	once(event: "close" | "drain", listener: () => void): unknown;
}

/** Whether a response that has closed went out whole. */
export function isDelivered({ stream, writableFinished }: Response): boolean {
	return stream === undefined ? writableFinished === true : stream.rstCode === 0 && !stream.aborted;
}
