import type { Kind } from "@allium/core";
import { type CommandError, usageError } from "../command/command-error.ts";
import { faultText, readJson } from "./json-text.ts";
import { lines, wholeText } from "./lines.ts";

/** What a call sends. */
export interface CallInput {
	/** One value, or a stream of them. */
	readonly value: unknown;
	/** What was wrong with what was read while the call went on. */
	failure(): CommandError | undefined;
}

/**
 * Reads the input of a call: JSON in the argument, from standard input with `-`, `{}` when there is none; for
 * a stream a JSON array, or standard input with one JSON value a line.
 */
export async function readInput(
	kind: Kind,
	argument: string | undefined,
	stdin: NodeJS.ReadableStream,
): Promise<CallInput> {
	if (kind === "unary" || kind === "server_stream") {
		if (argument === undefined) return ready({});
		if (argument === "-") return ready(parse("Standard input", await wholeText(stdin)));
		return ready(parse("The input", argument));
	}
	if (argument === undefined || argument === "-") return new LineInput(stdin);
	const messages = parse("The input", argument);
	if (!Array.isArray(messages)) {
		throw usageError(
			"The method takes a stream: give a JSON array, or one JSON value per line on standard input.",
		);
	}
	return ready(each(messages));
}

/** Messages that are read while the call goes on. A line that is not JSON ends the call. */
class LineInput implements CallInput {
	readonly value: AsyncIterable<unknown>;
	#failure: CommandError | undefined;

	constructor(stdin: NodeJS.ReadableStream) {
		this.value = this.#read(stdin);
	}

	failure(): CommandError | undefined {
		return this.#failure;
	}

	async *#read(stdin: NodeJS.ReadableStream): AsyncGenerator<unknown> {
		for await (const [number, line] of lines(stdin)) {
			const reading = readJson(line);
			if ("fault" in reading) {
				this.#failure = usageError(faultText("Standard input", { ...reading.fault, line: number }));
				throw this.#failure;
			}
			yield reading.value;
		}
	}
}

function ready(value: unknown): CallInput {
	return { value, failure: () => undefined };
}

function parse(what: string, text: string): unknown {
	const reading = readJson(text);
	if ("fault" in reading) throw usageError(faultText(what, reading.fault));
	return reading.value;
}

async function* each(messages: readonly unknown[]): AsyncGenerator<unknown> {
	yield* messages;
}
