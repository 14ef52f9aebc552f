import { errorText, isServiceError, type Logger, type LogLevel, printable } from "@allium/core";
import { StandardOutput } from "./standard-output.ts";

const order: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Shared by all loggers, as a process has one standard output. */
const standardOutput: StandardOutput = new StandardOutput();

/** The options of a text logger. */
export interface TextLoggerOptions {
	/** Messages below it are dropped. Default: `info`. */
	readonly level?: LogLevel;
	/**
	 * Writes a line. Default: to standard output; there, outside of a terminal, lines of `info` and `debug` wait for the
	 * end of the turn of the event loop, and go out together.
	 */
	readonly write?: (line: string) => void;
}

/**
 * Writes one line for each message, for people to read: `12:30:01 info  greeter is ready url=http://127.0.0.1:4000`.
 * Errors are shown with their causes. Errors that nobody meant to throw are shown with their stacks too, on further
 * lines that are indented. No value can end its line or control a terminal.
 */
export function textLogger(options: TextLoggerOptions = {}): Logger {
	const least = order.indexOf(options.level ?? "info");
	const { write } = options;
	const clock = new Clock();
	return {
		log(level, message, fields = {}) {
			if (order.indexOf(level) < least) return;
			let line = message;
			let stacks = "";
			for (const key of Object.keys(fields)) {
				const value = fields[key];
				if (value === undefined) continue;
				line += ` ${key}=${format(value)}`;
				if (typeof value === "object") stacks += stackOf(value);
			}
			if (line.includes("\n")) line = line.replaceAll("\n", "\\n");
			const text = `${clock.time()} ${level.padEnd(5)} ${printable(line + stacks)}\n`;
			if (write !== undefined) write(text);
			else standardOutput.write(text, level === "warn" || level === "error");
		},
	};
}

/** Tells the time of day as text. A gateway logs thousands of lines within one second, so it keeps that text. */
class Clock {
	#second = Number.NaN;
	#text = "";

	/** The time in UTC, such as `12:30:01`. */
	time(): string {
		const now = Date.now();
		const second = Math.floor(now / 1000);
		if (second !== this.#second) {
			this.#second = second;
			this.#text = new Date(now).toISOString().slice(11, 19);
		}
		return this.#text;
	}
}

function format(value: unknown): string {
	if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
	if (isServiceError(value) || value instanceof Error) return JSON.stringify(errorText(value));
	try {
		return JSON.stringify(value) ?? String(value);
	} catch {
		return String(value);
	}
}

/** The stack of an error that nobody meant to throw, on lines of its own; empty for everything else. */
function stackOf(value: unknown): string {
	const stack = unmeant(value)?.stack ?? "";
	return stack.includes("\n") ? `\n${stack.replace(/^(?! {4})/gm, "  ")}` : "";
}

/** The error behind a value that is a bug: itself, or what a service's `internal` was made of. */
function unmeant(value: unknown): Error | undefined {
	const error = isServiceError(value) && value.code === "internal" ? value.cause : value;
	return error instanceof Error && !isServiceError(error) ? error : undefined;
}
