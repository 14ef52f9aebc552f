/** How much a message matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** The log of the runtime and of services. An adapter passes it to pino, a file or a test. */
export interface Logger {
	log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Writes to the console: for failures where no logger was given. */
export const consoleLogger: Logger = {
	log: (_level, message, fields) => console.error(message, ...(fields === undefined ? [] : [fields])),
};

/** Writes nothing. The default of parts that are used by hand. */
export const silentLogger: Logger = { log() {} };
