import type { Kind } from "@allium/core";
import { type CommandError, usageError } from "../command/command-error.ts";
import { faultText, parseJson, readJson } from "./json-text.ts";
import { lines, wholeText } from "./lines.ts";

/** The input of a call. */
export interface CallInput {
	/** One value, or a stream of them. */
	readonly value: unknown;
	/** The fault of a message that was read during the call. */
	failure(): CommandError | undefined;
}

/**
 * Reads the input of a call: JSON in the argument, or from standard input with `-`. Without either it is `{}`. The
 * input of a method that takes a stream is a JSON array, or one JSON value a line on standard input.
 */
export async function readInput(
	kind: Kind,
	argument: string | undefined,
	stdin: NodeJS.ReadableStream,
): Promise<CallInput> {
	if (kind === "unary" || kind === "server_stream") {
		if (argument === undefined) return ready({});
		if (argument === "-") return ready(parseJson("Standard input", await wholeText(stdin)));
		return ready(parseJson("The input", argument));
	}
	if (argument === undefined || argument === "-") return new LineInput(stdin);
	const messages = parseJson("The input", argument);
	if (!Array.isArray(messages)) {
		throw usageError(
			"The method takes a stream: give a JSON array, or one JSON value per line on standard input.",
		);
	}
	return ready(each(messages));
}

/** Messages that are read during the call. A line that is not JSON ends the call. */
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

/** Yields messages one by one. */
export async function* each(messages: readonly unknown[]): AsyncGenerator<unknown> {
	yield* messages;
}
