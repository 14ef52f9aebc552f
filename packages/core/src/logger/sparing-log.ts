import { afterIfAlive } from "../time/timer.ts";
import type { Logger, LogLevel } from "./logger.ts";

/** The least time between two lines with the same message, in milliseconds. */
const intervalMs = 1_000;

type Fields = Readonly<Record<string, unknown>>;

/** What was left out since a message was last logged. */
interface LeftOut {
	count: number;
	/** The last one that was left out. */
	level: LogLevel;
	fields: Fields;
}

/**
 * Logs messages that others can cause as often as they like. It logs each message at most once a second: the first at
 * once, and the last of those within the second when it is over, with the number of repetitions that it left out.
 */
export class SparingLog {
	readonly #logger: Logger;
	/** The messages that were logged within the last second. */
	readonly #said = new Map<string, LeftOut>();

	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/** @param message a constant; variable parts belong in the fields. */
	warn(message: string, fields?: Fields): void {
		this.log("warn", message, fields);
	}

	/** As {@link SparingLog.warn}, at another level. */
	log(level: LogLevel, message: string, fields: Fields = {}): void {
		const said = this.#said.get(message);
		if (said === undefined) {
			this.#say(level, message, fields);
			return;
		}
		said.count++;
		said.level = level;
		said.fields = fields;
	}

	#say(level: LogLevel, message: string, fields: Fields): void {
		const said: LeftOut = { count: 0, level, fields };
		this.#said.set(message, said);
		afterIfAlive(intervalMs, () => this.#over(message, said));
		this.#logger.log(level, message, fields);
	}

	#over(message: string, { count, level, fields }: LeftOut): void {
		this.#said.delete(message);
		if (count === 0) return;
		this.#say(level, message, count === 1 ? fields : { ...fields, leftOut: count - 1 });
	}
}
