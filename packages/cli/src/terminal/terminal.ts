import { styleText } from "node:util";
import { printable } from "@allium/core/printable";
import type { Environment } from "@allium/node";
import { watchPipe } from "./pipe-reader.ts";
import { seal, unseal } from "./seal.ts";

/** Styles a text. Returns it unchanged if colours are off. */
export interface Styles {
	bold(text: string): string;
	dim(text: string): string;
	red(text: string): string;
	/** One of six colours, the same for the same number. */
	colour(index: number, text: string): string;
}

/** Where results go. The streams of the process have the number of their file descriptor. */
type Output = NodeJS.WriteStream & { readonly fd?: number };

/**
 * The output of the command: results on standard output, everything else on standard error. Most of the text comes from
 * services, so only the command's own styles reach the terminal as control sequences.
 */
export class Terminal {
	/** The styles of standard output. */
	readonly styles: Styles;
	/** The styles of standard error. */
	readonly errorStyles: Styles;
	/** Whether a person reads standard output. */
	readonly isInteractive: boolean;
	/** How wide standard output is, in letters. */
	readonly width: number;
	readonly #stdout: Output;
	readonly #stderr: NodeJS.WriteStream;
	/** Whether standard error is a screen, where a line can be replaced. */
	readonly #isScreen: boolean;
	readonly #gone = new Set<() => void>();
	#hasStatus = false;
	#isGone = false;
	#failure: Error | undefined;

	constructor(stdout: Output, stderr: NodeJS.WriteStream, env: Environment) {
		this.#stdout = stdout;
		this.#stderr = stderr;
		this.isInteractive = stdout.isTTY === true;
		this.width = stdout.columns ?? 100;
		this.#isScreen = stderr.isTTY === true && env.TERM !== "dumb";
		this.styles = styles(coloured(stdout, env));
		this.errorStyles = styles(coloured(stderr, env));
		stdout.on("error", (error: NodeJS.ErrnoException) => this.#lose(error));
		stderr.on("error", () => {});
	}

	/** Whether the reader of standard output has gone, as `head` does when it has enough. */
	get isGone(): boolean {
		return this.#isGone;
	}

	/** Why standard output takes no more. Undefined while it does, and if its reader has simply gone. */
	get failure(): Error | undefined {
		return this.#failure;
	}

	/** Writes lines to standard output. Resolves when they are written, or the reader has gone. */
	print(text: string): Promise<void> {
		if (this.#isGone) return Promise.resolve();
		this.status("");
		return new Promise((resolve) => {
			this.#stdout.write(`${unseal(text)}\n`, () => resolve());
		});
	}

	/** Writes lines to standard error. */
	complain(text: string): void {
		this.status("");
		this.#stderr.write(`${unseal(text)}\n`);
	}

	/** Shows a line that the next output replaces. Does nothing if standard error is not a screen. */
	status(text: string): void {
		if (!this.#isScreen || (text === "" && !this.#hasStatus)) return;
		this.#hasStatus = text !== "";
		// Returns to the first column and clears the line. A line that is too long would wrap, so it is cut.
		const shown = printable(text).replaceAll("\n", " ");
		this.#stderr.write(`\r\x1b[K${shown.slice(0, (this.#stderr.columns ?? 80) - 1)}`);
	}

	/** Calls back when a write finds that the reader of standard output has gone. Returns a function that ends the listening. */
	onGone(listener: () => void): () => void {
		if (this.#isGone) listener();
		else this.#gone.add(listener);
		return () => void this.#gone.delete(listener);
	}

	/**
	 * Calls back when the reader of standard output has gone, also while nothing is written: for commands that wait. Without
	 * a write, only a pipe tells it, on systems with GNU tail. Returns a function that ends the listening.
	 */
	onUnread(listener: () => void): () => void {
		const { fd } = this.#stdout;
		const unwatch = fd === undefined ? () => {} : watchPipe(fd, () => this.#end());
		const unlisten = this.onGone(listener);
		return () => {
			unwatch();
			unlisten();
		};
	}

	#lose(error: NodeJS.ErrnoException): void {
		if (!this.#isGone && error.code !== "EPIPE") this.#failure = error;
		this.#end();
	}

	#end(): void {
		if (this.#isGone) return;
		this.#isGone = true;
		for (const listener of this.#gone) listener();
	}
}

const palette = ["cyan", "yellow", "magenta", "blue", "green", "redBright"] as const;

function coloured(stream: NodeJS.WriteStream, env: Environment): boolean {
	return stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}

/** The text between sealed sequences, which may be foreign. */
function styled(format: Parameters<typeof styleText>[0], text: string): string {
	const [before = "", after = ""] = styleText(format, "|", { validateStream: false }).split("|");
	return seal(before) + text + seal(after);
}

function styles(on: boolean): Styles {
	const style = (format: Parameters<typeof styleText>[0], text: string): string =>
		on ? styled(format, text) : text;
	return {
		bold: (text) => style("bold", text),
		dim: (text) => style("dim", text),
		red: (text) => style("red", text),
		colour: (index, text) => style(palette[index % palette.length] ?? "cyan", text),
	};
}
