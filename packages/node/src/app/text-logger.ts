import { errorText, isServiceError, type Logger, type LogLevel, printable } from "@allium/core";

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** What a text logger is made with. */
export interface TextLoggerOptions {
	/** Messages below it are dropped. Default: `info`. */
	readonly level?: LogLevel;
	/** Where lines go. Default: standard output, as a twelve-factor process. */
	readonly write?: (line: string) => void;
}

/**
 * One line a message, for people: `12:30:01 info greeter is ready url=http://127.0.0.1:4000`. Errors are told with
 * their causes; those that nobody meant to throw with their stacks, on lines of their own that are indented. No
 * value can end its line or control a terminal.
 */
export function textLogger(options: TextLoggerOptions = {}): Logger {
	const least = order.indexOf(options.level ?? "info");
	const write = options.write ?? ((line) => process.stdout.write(line));
	return {
		log(level, message, fields = {}) {
			if (order.indexOf(level) < least) return;
			const time = new Date().toISOString().slice(11, 19);
			const shown = Object.entries(fields).filter(([, value]) => value !== undefined);
			const text = shown.map(([key, value]) => ` ${key}=${format(value)}`).join("");
			const line = `${message}${text}`.replaceAll("\n", "\\n");
			write(`${time} ${level.padEnd(5)} ${printable(line + stacks(shown))}\n`);
		},
	};
}

function format(value: unknown): string {
	if (isServiceError(value) || value instanceof Error) return JSON.stringify(errorText(value));
	if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
	try {
		return JSON.stringify(value) ?? String(value);
	} catch {
		return String(value);
	}
}

/** The stacks of errors that nobody meant to throw. */
function stacks(fields: readonly (readonly [string, unknown])[]): string {
	return fields
		.map(([, value]) => unmeant(value)?.stack ?? "")
		.filter((stack) => stack.includes("\n"))
		.map((stack) => `\n${stack.replace(/^(?! {4})/gm, "  ")}`)
		.join("");
}

/** The error behind a value that is a bug: itself, or what a service's `internal` was made of. */
function unmeant(value: unknown): Error | undefined {
	const error = isServiceError(value) && value.code === "internal" ? value.cause : value;
	return error instanceof Error && !isServiceError(error) ? error : undefined;
}
