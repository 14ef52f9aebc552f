import type { Http2Session, Http2Stream } from "node:http2";
import { after, type Timer } from "@allium/core/transport";

/**
 * Reports once when a session of HTTP/2 has had no stream for a while. Node's own timer for that outlives a destroyed
 * session, and keeps all of it in memory for as long.
 */
export class Http2Idle {
	readonly #milliseconds: number;
	readonly #idle: () => void;
	#open = 0;
	/** The time since which there is no stream, on the clock of `performance.now()`. */
	#restingSince: number = performance.now();
	#timer: Timer;

	/** @param milliseconds Infinity for never. */
	constructor(session: Http2Session, milliseconds: number, idle: () => void) {
		this.#milliseconds = milliseconds;
		this.#idle = idle;
		this.#timer = after(milliseconds, this.#look);
		session.once("close", () => this.#timer.stop());
	}

	/** A stream begins. */
	add(stream: Http2Stream): void {
		this.#open++;
		stream.once("close", () => {
			this.#open--;
			this.#restingSince = performance.now();
		});
	}

	/** One timer serves all streams that come and go. It is set again for the time that is left. */
	readonly #look = (): void => {
		const rested = this.#open > 0 ? 0 : performance.now() - this.#restingSince;
		if (this.#open === 0 && rested >= this.#milliseconds) this.#idle();
		else this.#timer = after(Math.ceil(this.#milliseconds - rested), this.#look);
	};
}
