import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";

/** The answer to a request of HTTP, whichever reader the request came from and whichever version it speaks. */
export interface HttpResponse {
	/** The status that was sent, or 200 before it was. */
	readonly status: number;
	/** Whether the head was given. */
	readonly isHeadSent: boolean;
	/** Whether the whole answer has left this process; asked once the response has closed. */
	readonly isDelivered: boolean;
	/** Whether it is over: delivered, or broken off. */
	readonly isClosed: boolean;
	/** The object of Node, where Node's reader answers: for what needs one. */
	readonly original?: ServerResponse | Http2ServerResponse | undefined;
	/** Gives the head, once. */
	writeHead(status: number, headers: OutgoingHttpHeaders): void;
	/** Gives the head of an answer that has no body, and ends it: over HTTP/2 in a single frame. */
	endWithHead(status: number, headers: OutgoingHttpHeaders): void;
	/** Sends the head now. */
	flushHead(): void;
	/** Returns false when the client has to read first; `onDrain` tells when it has. */
	write(chunk: Uint8Array): boolean;
	/** Adds trailers, before the end. Over HTTP/1.1 only an answer of unknown length has them. */
	addTrailers(trailers: OutgoingHttpHeaders): void;
	/** Ends the answer. */
	end(last?: string | Uint8Array): void;
	/** Ends it as broken. */
	destroy(): void;
	/** Ends it without an answer, as the client asks for more than it reads. */
	refuse(): void;
	/** Calls back once when it is over, whether it was delivered or broken off. */
	onClose(listener: () => void): void;
	/** Calls back whenever the client has read what `write` returned false for. */
	onDrain(listener: () => void): void;
}
