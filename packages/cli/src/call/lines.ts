import { StringDecoder } from "node:string_decoder";
import { usageError } from "../command/command-error.ts";

/** The longest line, and the most that is read as one value, in UTF-16 code units. */
const maxLength = 64 * 1024 * 1024;

/** The lines of a stream that are not empty, as they arrive, with their numbers. */
export async function* lines(input: NodeJS.ReadableStream): AsyncGenerator<[number: number, line: string]> {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	let number = 0;
	for await (const chunk of input) {
		const parts = (rest + decoder.write(chunk as Buffer)).split("\n");
		rest = parts.pop() ?? "";
		checkLength(rest);
		for (const line of parts) {
			number++;
			if (line.trim() !== "") yield [number, line];
		}
	}
	rest += decoder.end();
	if (rest.trim() !== "") yield [number + 1, rest];
}

/** All that a stream holds. */
export async function wholeText(input: NodeJS.ReadableStream): Promise<string> {
	const decoder = new StringDecoder("utf8");
	let text = "";
	for await (const chunk of input) {
		text += decoder.write(chunk as Buffer);
		checkLength(text);
	}
	return text + decoder.end();
}

function checkLength(text: string): void {
	if (text.length > maxLength) {
		throw usageError(`Standard input holds a value of more than ${maxLength / 1024 / 1024} MiB.`);
	}
}
