import type { ServerHttp2Session } from "node:http2";

/** How long an end waits for a reset when the client can no longer be asked, in milliseconds. */
const lateResetMs = 10;

/**
 * Tells the ends of requests from resets, on one connection of HTTP/2. A client that is made with Node and gives up a
 * stream by `stream.close(code)` sends the end of the stream first, and the reset a moment later. A request that was
 * cut off would look complete. So an end is accepted only when the client has answered a ping and no reset came with
 * the answer.
 */
export class Http2Ends {
	readonly #session: ServerHttp2Session;
	/** Ends that arrived since the last ping was sent. */
	#waiting: (() => void)[] = [];
	#asking = false;

	constructor(session: ServerHttp2Session) {
		this.#session = session;
	}

	/** Calls back when a reset that the client sent after the end of a request would have arrived. */
	settle(settled: () => void): void {
		this.#waiting.push(settled);
		if (!this.#asking) this.#ask();
	}

	/** Sends one ping for all waiting ends, and never two at once, because clients may count pings. */
	#ask(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		this.#asking = true;
		// Node's answer to a ping overtakes a reset that goes out with it, so that reset is read after the answer.
		const answered = (): void => {
			setImmediate(() => {
				this.#asking = false;
				for (const settled of waiting) settled();
				if (this.#waiting.length > 0 && !this.#asking) this.#ask();
			});
		};
		const { closed, destroyed } = this.#session;
		// A draining connection sends no pings. A ping whose connection is lost calls back as well.
		if (closed || destroyed) setTimeout(answered, lateResetMs);
		else this.#session.ping(answered);
	}
}
