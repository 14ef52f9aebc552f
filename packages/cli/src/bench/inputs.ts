import { open } from "node:fs/promises";
import { type Kind, takesStream } from "@allium/core";
import { each } from "../call/input.ts";
import { parseJson } from "../call/json-text.ts";
import { lines } from "../call/lines.ts";
import type { Words } from "../command/command.ts";
import { CommandError, usageError } from "../command/command-error.ts";

/** The most that all inputs together may hold, in UTF-16 code units. */
const maxLength = 64 * 1024 * 1024;

/** The input of each call, by the number of the call. */
export type Inputs = (call: number) => unknown;

/**
 * Reads the inputs of a load. JSON in the argument is the input of all calls. The file of `--inputs`, or standard input
 * with `-`, has one JSON value a line, and the calls take these in turn. The input of a method that takes a stream is
 * an array of messages. Default: `{}`.
 *
 * @throws CommandError for text that is not JSON, or is not an array although the method takes a stream.
 */
export async function readInputs(
	kind: Kind,
	argument: string | undefined,
	words: Words,
	stdin: NodeJS.ReadableStream,
): Promise<Inputs> {
	const file = words.value("inputs");
	if (file !== undefined && argument !== undefined) {
		throw usageError("The input is given twice: as an argument, and with --inputs.");
	}
	const values = await readValues(file, argument, stdin);
	if (!takesStream(kind)) return (call) => values[call % values.length];
	for (const value of values) if (!Array.isArray(value)) throw noArray();
	return (call) => each(values[call % values.length] as readonly unknown[]);
}

async function readValues(
	file: string | undefined,
	argument: string | undefined,
	stdin: NodeJS.ReadableStream,
): Promise<unknown[]> {
	if (file !== undefined) return readFile(file);
	if (argument === "-") return readLines("Standard input", stdin);
	return [argument === undefined ? {} : parseJson("The input", argument)];
}

async function readFile(file: string): Promise<unknown[]> {
	const refused = (why: string): Error => usageError(`--inputs takes a file that can be read: ${why}.`);
	let stream: NodeJS.ReadableStream;
	try {
		const handle = await open(file);
		if ((await handle.stat()).isDirectory()) {
			await handle.close();
			throw refused(`${JSON.stringify(file)} is a folder`);
		}
		stream = handle.createReadStream();
	} catch (error) {
		if (error instanceof CommandError) throw error;
		// The system's message names the file and the reason.
		throw refused(error instanceof Error ? error.message : String(error));
	}
	return readLines(file, stream);
}

async function readLines(what: string, stream: NodeJS.ReadableStream): Promise<unknown[]> {
	const values: unknown[] = [];
	let length = 0;
	for await (const [number, line] of lines(stream, what)) {
		length += line.length;
		if (length > maxLength) throw usageError(`${what} holds more than ${maxLength / 1024 / 1024} MiB.`);
		values.push(parseJson(what, line, number));
	}
	if (values.length === 0) throw usageError(`${what} holds no input: write one JSON value per line.`);
	return values;
}

function noArray(): Error {
	return usageError("The method takes a stream: the input of each call is a JSON array of its messages.");
}
