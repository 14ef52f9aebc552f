import { StringDecoder } from "node:string_decoder";

/** A longer line is passed on in pieces. */
const longestLine = 64 * 1024;

/** Yields the lines of a stream as they arrive. The last line may lack its line break. */
export async function* lines(input: NodeJS.ReadableStream): AsyncGenerator<string> {
	const decoder = new StringDecoder("utf8");
	let rest = "";
	for await (const chunk of input) {
		const parts = (rest + decoder.write(chunk as Buffer)).split("\n");
		rest = parts.pop() ?? "";
		for (const line of parts) yield line.replace(/\r$/, "");
		if (rest.length > longestLine) {
			yield rest;
			rest = "";
		}
	}
	rest += decoder.end();
	if (rest !== "") yield rest;
}
