import type { Logger, LogLevel } from "./logger.ts";

/** The least time between two lines with the same message, in milliseconds. */
const intervalMs = 1_000;

/**
 * Logs messages that others can cause as often as they like. It logs each message at most once a second, with the
 * number of repetitions that it left out.
 */
export class SparingLog {
	readonly #logger: Logger;
	readonly #said = new Map<string, { nextAt: number; leftOut: number }>();

	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/** @param message a constant; variable parts belong in the fields. */
	warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
		this.log("warn", message, fields);
	}

	/** As {@link SparingLog.warn}, at another level. */
	log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
		const now = performance.now();
		const before = this.#said.get(message);
		if (before !== undefined && now < before.nextAt) {
			before.leftOut++;
			return;
		}
		const leftOut = before?.leftOut ?? 0;
		this.#said.set(message, { nextAt: now + intervalMs, leftOut: 0 });
		this.#logger.log(level, message, leftOut === 0 ? fields : { ...fields, leftOut });
	}
}
