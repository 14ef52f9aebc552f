import { usageError } from "../command/command-error.ts";

/** The longest line, and the most that is read as one value, in UTF-16 code units. */
const maxLength = 64 * 1024 * 1024;

/**
 * Yields the non-empty lines of a stream as they arrive, with their numbers. Leaves out a byte order mark at the
 * beginning.
 *
 * @param what The name of the stream in errors.
 * @throws CommandError for bytes that are not UTF-8.
 */
export async function* lines(
	input: NodeJS.ReadableStream,
	what = "Standard input",
): AsyncGenerator<[number: number, line: string]> {
	let rest = "";
	let number = 0;
	for await (const text of texts(input, what)) {
		const parts = (rest + text).split("\n");
		rest = parts.pop() ?? "";
		checkLength(rest, what);
		for (const line of parts) {
			number++;
			if (line.trim() !== "") yield [number, line];
		}
	}
	if (rest.trim() !== "") yield [number + 1, rest];
}

/** Returns the whole text of a stream. See {@link lines}. */
export async function wholeText(input: NodeJS.ReadableStream, what = "Standard input"): Promise<string> {
	let all = "";
	for await (const text of texts(input, what)) {
		all += text;
		checkLength(all, what);
	}
	return all;
}

/** Yields the text of a stream as it arrives. */
async function* texts(input: NodeJS.ReadableStream, what: string): AsyncGenerator<string> {
	const decoder = new TextDecoder("utf-8", { fatal: true });
	const decode = (chunk: Buffer | undefined): string => {
		try {
			return decoder.decode(chunk, { stream: chunk !== undefined });
		} catch {
			throw usageError(`${what} is not text in UTF-8; convert it first.`);
		}
	};
	for await (const chunk of input) yield decode(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
	yield decode(undefined);
}

function checkLength(text: string, what: string): void {
	if (text.length > maxLength) {
		throw usageError(`${what} holds a value of more than ${maxLength / 1024 / 1024} MiB.`);
	}
}
