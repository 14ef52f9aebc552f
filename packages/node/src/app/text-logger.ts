import { isServiceError, type Logger, type LogLevel } from "@allium/core";

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** What a text logger is made with. */
export interface TextLoggerOptions {
	/** Messages below it are dropped. Default: `info`. */
	readonly level?: LogLevel;
	/** Where lines go. Default: standard output, as a twelve-factor process. */
	readonly write?: (line: string) => void;
}

/** One line a message, for people: `12:30:01 info greeter is ready url=http://127.0.0.1:4000`. */
export function textLogger(options: TextLoggerOptions = {}): Logger {
	const least = order.indexOf(options.level ?? "info");
	const write = options.write ?? ((line) => process.stdout.write(line));
	return {
		log(level, message, fields = {}) {
			if (order.indexOf(level) < least) return;
			const time = new Date().toISOString().slice(11, 19);
			const shown = Object.entries(fields).filter(([, value]) => value !== undefined);
			const text = shown.map(([key, value]) => ` ${key}=${format(value)}`).join("");
			write(`${time} ${level.padEnd(5)} ${message}${text}${stacks(shown)}\n`);
		},
	};
}

function format(value: unknown): string {
	if (isServiceError(value)) return JSON.stringify(`${value.code}: ${value.message}`);
	if (value instanceof Error) return JSON.stringify(value.message);
	if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
	return JSON.stringify(value) ?? String(value);
}

/** The stacks of errors that nobody meant to throw, each on lines of its own. */
function stacks(fields: readonly (readonly [string, unknown])[]): string {
	return fields
		.map(([, value]) => (isServiceError(value) ? value.cause : value))
		.filter((value) => value instanceof Error && !isServiceError(value))
		.map((error) => `\n${(error as Error).stack ?? ""}`)
		.join("");
}
