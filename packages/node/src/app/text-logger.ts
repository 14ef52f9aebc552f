import { errorText, isServiceError, type Logger, type LogLevel, printable } from "@allium/core";
import { StandardOutput } from "./standard-output.ts";

/** How much each level matters, and how lines name it. */
const levels: Readonly<Record<LogLevel, { readonly rank: number; readonly name: string }>> = {
	debug: { rank: 0, name: " debug " },
	info: { rank: 1, name: " info  " },
	warn: { rank: 2, name: " warn  " },
	error: { rank: 3, name: " error " },
};

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
	const least = levels[options.level ?? "info"].rank;
	const { write } = options;
	const clock = new Clock();
	const names = new FieldNames();
	return {
		log(level, message, fields = {}) {
			// Code without types may name another level.
			const { rank, name } = levels[level] ?? levels.error;
			if (rank < least) return;
			let line = clock.time() + name + onOneLine(message);
			let stacks = "";
			// A gateway writes a line for each request. This is the fastest way that was found.
			for (const key in fields) {
				if (!Object.hasOwn(fields, key)) continue;
				const value = fields[key];
				if (value === undefined) continue;
				line += names.shown(key) + format(value);
				if (typeof value === "object") stacks += stackOf(value);
			}
			const text = `${line}${printable(stacks)}\n`;
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

/** How many names of fields are remembered. Programs have fewer, unless they make them of data. */
const mostNames = 1_000;

/** The names of fields as they are shown. They are few and come again and again, so each is made once. */
class FieldNames {
	readonly #shown = new Map<string, string>();

	shown(key: string): string {
		let shown = this.#shown.get(key);
		if (shown === undefined) {
			shown = ` ${onOneLine(key)}=`;
			if (this.#shown.size < mostNames) this.#shown.set(key, shown);
		}
		return shown;
	}
}

function onOneLine(text: string): string {
	return /^[\x20-\x7e]*$/.test(text) ? text : printable(text.replaceAll("\n", "\\n"));
}

/** Printable ASCII that needs no quotes. */
const plain = /^[!#-<>-~]+$/;

function format(value: unknown): string {
	if (typeof value === "number" && Number.isFinite(value)) return String(value);
	if (typeof value === "string" && plain.test(value)) return value;
	return printable(quoted(value));
}

function quoted(value: unknown): string {
	if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
	if (isServiceError(value) || value instanceof Error) return JSON.stringify(errorText(value));
	try {
		return JSON.stringify(value) ?? String(value);
	} catch {
		return onOneLine(String(value));
	}
}

/** The stack of an error that nobody meant to throw, on lines of its own; empty for everything else. */
function stackOf(value: unknown): string {
	const stack = unmeant(value)?.stack ?? "";
	return stack.includes("\n") ? `\n${stack.replace(/^(?! {4})/gm, "  ")}` : "";
}

/** The error behind a value that is a bug: the value itself, or the cause of a service's `internal`. */
function unmeant(value: unknown): Error | undefined {
	const error = isServiceError(value) && value.code === "internal" ? value.cause : value;
	return error instanceof Error && !isServiceError(error) ? error : undefined;
}
