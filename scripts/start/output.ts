const colours = [36, 33, 35, 32, 34, 31];

/**
 * The output for the person at the terminal: the system's own lines, and those of the children behind their labels.
 */
export class Output {
	readonly #write: (text: string) => void;
	readonly #coloured: boolean;

	constructor(write: (text: string) => void, coloured: boolean) {
		this.#write = write;
		this.#coloured = coloured;
	}

	say(line: string): void {
		this.#write(`${line}\n`);
	}

	/** Passes on the lines of one child. `index` chooses its colour. */
	prefixed(label: string, index: number): (line: string) => void {
		const prefix = this.#coloured
			? `\u001b[${colours[index % colours.length]}m${label} |\u001b[0m`
			: `${label} |`;
		return (line) => this.#write(`${prefix} ${line}\n`);
	}
}
