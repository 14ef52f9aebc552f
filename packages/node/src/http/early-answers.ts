import { http2 } from "../platform/builtins.ts";
import { Overdue } from "../server/overdue.ts";
import type { Request } from "./request-head.ts";
import type { Response } from "./response.ts";

/** How long a client may go on with a request that was answered before it was complete, in milliseconds. */
const lateRequestMs = 5_000;

/**
 * Ends what was answered before it was complete, whoever answered it. What still comes is read and thrown away, as
 * there are clients that read the answer only when they have sent all; but not for ever.
 */
export class EarlyAnswers {
	readonly #late = new Overdue<Request>(lateRequestMs, cutShort);

	/** Looks after a request that is taken up, and the response of Node to it. */
	watch(request: Request, response: Response): void {
		if (isComplete(request)) return;
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
	}

	/** Forgets all, and ends the timer. */
	close(): void {
		this.#late.close();
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
