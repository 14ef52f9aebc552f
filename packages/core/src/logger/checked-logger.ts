import { consoleLogger, type Logger, type LogLevel } from "./logger.ts";

/** A logger whose failures do not reach its callers. The console reports once that it fails. */
class CheckedLogger implements Logger {
	readonly #logger: Logger;
	#hasFailed = false;

	constructor(logger: Logger) {
		this.#logger = logger;
	}

	log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
		try {
			const done: unknown = this.#logger.log(level, message, fields);
			if (done instanceof Promise) done.then(undefined, this.#failed);
		} catch (error) {
			this.#failed(error);
		}
	}

	readonly #failed = (error: unknown): void => {
		if (this.#hasFailed) return;
		this.#hasFailed = true;
		consoleLogger.log("error", "the logger fails, so log lines are lost", { error });
	};
}

/** Wraps a logger that users gave: when it throws or rejects, the code that logs goes on. */
export function checkedLogger(logger: Logger): Logger {
	return logger instanceof CheckedLogger ? logger : new CheckedLogger(logger);
}
