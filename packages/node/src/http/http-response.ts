import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";

/** The answer to a request of HTTP, independent of the reader of the request and of its version. */
export interface HttpResponse {
	/** The status that was sent, or 200 before it was. */
	readonly status: number;
	/** Whether the head was given. */
	readonly isHeadSent: boolean;
	/** Whether the whole answer has left this process. It is valid once the response has closed. */
	readonly isDelivered: boolean;
	/** Whether it is over: delivered or broken off. */
	readonly isClosed: boolean;
	/** Node's own object, where Node answers, for code that needs one. */
	readonly original?: ServerResponse | Http2ServerResponse | undefined;
	/** Gives the head, once. */
	writeHead(status: number, headers: OutgoingHttpHeaders): void;
	/** Gives the head of an answer without a body, and ends it. Over HTTP/2 that takes a single frame. */
	endWithHead(status: number, headers: OutgoingHttpHeaders): void;
	/** Gives the whole answer: its head, to which it adds the length of the body, and the body. */
	answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void;
	/** Sends the head now. */
	flushHead(): void;
	/** Returns false when the client must read first; `onDrain` reports when it has. */
	write(chunk: Uint8Array): boolean;
	/** Adds trailers, before the end. Over HTTP/1.1 only an answer of unknown length has them. */
	addTrailers(trailers: OutgoingHttpHeaders): void;
	/** Ends the answer. */
	end(last?: string | Uint8Array): void;
	/** Ends it as broken. */
	destroy(): void;
	/** Ends it without an answer, because the client asks for more than it reads. */
	refuse(): void;
	/** Calls back once when it is over, whether it was delivered or broken off. */
	onClose(listener: () => void): void;
	/** Calls back whenever the client has read the data for which `write` returned false. */
	onDrain(listener: () => void): void;
}
