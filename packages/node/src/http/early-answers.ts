import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { http2 } from "../platform/builtins.ts";
import { Overdue } from "../server/overdue.ts";
import type { Request } from "./request-head.ts";
import type { Response } from "./response.ts";
import { ResponseLayer } from "./response-layer.ts";

/** How long a client may go on with a request that was answered before it was complete, in milliseconds. */
const lateRequestMs = 5_000;

/**
 * Ends what was answered before it was complete, whoever answered it. What still comes is read and thrown away, as
 * there are clients that read the answer only when they have sent all; but not for ever.
 */
export class EarlyAnswers {
	readonly #late = new Overdue<Request>(lateRequestMs, cutShort);

	/** Looks after a request that is taken up, and the response of Node to it. Returns the response to answer with. */
	watch(request: Request, response: Response): Response {
		if (isComplete(request)) return response;
		const answered = (): void => {
			if (isComplete(request)) return;
			// Whoever was to read it has no use for it any more.
			request.unpipe();
			request.resume();
			const place = this.#late.add(request);
			request.once("end", () => place.leave());
		};
		// The response of HTTP/2 tells of its end only when the request has ended, too; its stream does so at once.
		(response.stream ?? response).once("finish", answered);
		return "stream" in request ? response : new LingeringResponse(request, response, this.#late);
	}

	/** Forgets all, and ends the timer. */
	close(): void {
		this.#late.close();
	}
}

/**
 * The answer to a request of HTTP/1.1 that is not complete. Where the connection ends with the answer, the end waits
 * for the rest of the request: a client that still writes would be reset, and lose the answer.
 */
class LingeringResponse extends ResponseLayer {
	readonly #request: IncomingMessage;
	readonly #late: Overdue<Request>;
	#isLast: boolean;

	constructor(request: IncomingMessage, inner: Response, late: Overdue<Request>) {
		super(inner);
		this.#request = request;
		this.#late = late;
		this.#isLast = "shouldKeepAlive" in inner && inner.shouldKeepAlive === false;
	}

	override writeHead(status: number, headers: OutgoingHttpHeaders): unknown {
		this.#isLast ||= headers.connection === "close";
		return this.inner.writeHead(status, headers);
	}

	override end(last?: string | Buffer): unknown {
		const request = this.#request;
		if (!this.#isLast || isComplete(request)) return this.inner.end(last);
		if (last !== undefined && last.length > 0) this.inner.write(Buffer.from(last));
		request.unpipe();
		request.resume();
		const place = this.#late.add(request);
		request.once("end", () => {
			place.leave();
			this.inner.end();
		});
		return this;
	}
}

function isComplete(request: Request): boolean {
	if (request.complete || request.destroyed) return true;
	return "stream" in request && request.stream.endAfterHeaders;
}

/** Ends a request that goes on long after its answer. */
function cutShort(request: Request): void {
	if (isComplete(request)) return;
	if ("stream" in request) request.stream.close(http2().constants.NGHTTP2_NO_ERROR);
	else request.socket.destroy();
}
