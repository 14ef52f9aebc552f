import type { StandingLines } from "./answer-head.ts";

/** The lines that every answer of a server has. The date is made once a second. */
export class DatedLines implements StandingLines {
	readonly keepAlive: string;
	readonly keepAliveAlone = "Connection: keep-alive\r\n";
	#date = "";
	/** The second of the date. */
	#second = -1;

	/** @param idleTimeoutMs how long a connection without a request is kept. */
	constructor(idleTimeoutMs: number) {
		const seconds = Math.floor(idleTimeoutMs / 1_000);
		const hint = Number.isFinite(seconds) ? `Keep-Alive: timeout=${seconds}\r\n` : "";
		this.keepAlive = this.keepAliveAlone + hint;
	}

	date(): string {
		const second = Math.floor(Date.now() / 1_000);
		if (second !== this.#second) {
			this.#second = second;
			this.#date = `Date: ${new Date(second * 1_000).toUTCString()}\r\n`;
		}
		return this.#date;
	}
}
