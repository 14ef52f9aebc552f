import type { ServerHttp2Session } from "node:http2";

/** How long an end waits for a reset where the client cannot be asked any more, in milliseconds. */
const lateResetMs = 10;

/**
 * Tells the ends of requests from resets, on one connection of HTTP/2. Clients that are made with Node's
 * `stream.close(code)` send the end of a stream that they give up, and the reset a moment later: what was
 * cut off would look whole. So an end stands only when the client has answered a ping, and no reset came with
 * the answer.
 */
export class Http2Ends {
	readonly #session: ServerHttp2Session;
	/** Ends that came since the last ping went out. */
	#waiting: (() => void)[] = [];
	#asking = false;

	constructor(session: ServerHttp2Session) {
		this.#session = session;
	}

	/** Calls back when a reset that the client sent behind the end of a request would be here. */
	settle(settled: () => void): void {
		this.#waiting.push(settled);
		if (!this.#asking) this.#ask();
	}

	/** One ping for all ends that wait, and never two at once: clients may count them. */
	#ask(): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		this.#asking = true;
		// Node's answer to a ping overtakes a reset that goes out with it, so it is read behind.
		const answered = (): void => {
			setImmediate(() => {
				this.#asking = false;
				for (const settled of waiting) settled();
				if (this.#waiting.length > 0 && !this.#asking) this.#ask();
			});
		};
		const { closed, destroyed } = this.#session;
		// A connection that drains sends no pings. One that is lost meanwhile calls back as well.
		if (closed || destroyed) setTimeout(answered, lateResetMs);
		else this.#session.ping(answered);
	}
}
