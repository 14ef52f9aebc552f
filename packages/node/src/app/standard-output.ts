/**
 * Writes lines to standard output. A write to a file or a pipe stops the process until it is done, so the lines of
 * one turn of the event loop are written together. On a terminal each line is written at once.
 */
export class StandardOutput {
	#pending = "";
	#isUsed = false;
	#isExiting = false;

	/** Writes a line. Unless it is urgent, it may wait for the end of this turn; an exit of the process writes it, too. */
	write(line: string, isUrgent: boolean): void {
		const isFirst = this.#pending === "";
		this.#pending += line;
		if (isUrgent || this.#isExiting || process.stdout.isTTY) this.#flush();
		else if (isFirst) setImmediate(this.#flush);
		if (this.#isUsed) return;
		this.#isUsed = true;
		process.once("exit", this.#exit);
	}

	readonly #flush = (): void => {
		const lines = this.#pending;
		if (lines === "") return;
		this.#pending = "";
		process.stdout.write(lines);
	};

	/** No further turn of the event loop will come. */
	readonly #exit = (): void => {
		this.#isExiting = true;
		this.#flush();
	};
}
