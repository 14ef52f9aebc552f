import type { Logger } from "@allium/core";

/** How often the same is said at most, in milliseconds. */
const intervalMs = 1_000;

/** Says what strangers can cause as often as they like: the same once a second, and how often it was left out. */
export class SparingLog {
	readonly #logger: Logger;
	readonly #said = new Map<string, { nextAt: number; leftOut: number }>();

	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/** @param message a constant: what varies belongs into the fields. */
	warn(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
		const now = performance.now();
		const before = this.#said.get(message);
		if (before !== undefined && now < before.nextAt) {
			before.leftOut++;
			return;
		}
		const leftOut = before?.leftOut ?? 0;
		this.#said.set(message, { nextAt: now + intervalMs, leftOut: 0 });
		this.#logger.log("warn", message, leftOut === 0 ? fields : { ...fields, leftOut });
	}
}
