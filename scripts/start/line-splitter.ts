/** A longer line is passed on in pieces. */
const longestLine = 65_536;

/** Splits a stream of text into lines. `end()` passes on the last line if it lacks a line break. */
export class LineSplitter {
	readonly #onLine: (line: string) => void;
	#rest = "";

	constructor(onLine: (line: string) => void) {
		this.#onLine = onLine;
	}

	write(text: string): void {
		const lines = (this.#rest + text).split("\n");
		this.#rest = lines.pop() ?? "";
		for (const line of lines) this.#onLine(line.replace(/\r$/, ""));
		if (this.#rest.length > longestLine) this.end();
	}

	end(): void {
		if (this.#rest !== "") this.#onLine(this.#rest);
		this.#rest = "";
	}
}
