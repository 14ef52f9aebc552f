import type { StandingLines } from "./answer-head.ts";

/** The lines that every answer of a server has. */
export class DatedLines implements StandingLines {
	readonly keepAlive: string;
	readonly keepAliveAlone = "Connection: keep-alive\r\n";
	date = "";

	/** @param idleTimeoutMs how long a connection without a request is kept. */
	constructor(idleTimeoutMs: number) {
		const seconds = Math.floor(idleTimeoutMs / 1_000);
		const hint = Number.isFinite(seconds) ? `Keep-Alive: timeout=${seconds}\r\n` : "";
		this.keepAlive = this.keepAliveAlone + hint;
		this.tick();
	}

	/** Reads the clock for the date. To read it for each answer would cost more than the rest of the head. */
	tick(): void {
		this.date = `Date: ${new Date().toUTCString()}\r\n`;
	}
}
