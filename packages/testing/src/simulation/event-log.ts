/** The events of a simulation, in order. Two runs with the same seed have the same text. */
export class EventLog {
	readonly #times: number[] = [];
	readonly #nodes: string[] = [];
	readonly #texts: string[] = [];
	#closed = false;

	/** The number of entries. */
	get length(): number {
		return this.#texts.length;
	}

	add(time: number, node: string, text: string): void {
		if (this.#closed) return;
		this.#times.push(time);
		this.#nodes.push(node);
		this.#texts.push(text);
	}

	/** The last entries, one a line: milliseconds, node, event. */
	tail(count: number): string {
		const lines: string[] = [];
		for (let index = Math.max(0, this.length - count); index < this.length; index++) {
			lines.push(`${this.#times[index]?.toFixed(3)} ${this.#nodes[index]}: ${this.#texts[index]}`);
		}
		return lines.join("\n");
	}

	/** All entries. */
	toString(): string {
		return this.tail(this.length);
	}

	/** Ends the log. Later events are not part of the run. */
	close(): void {
		this.#closed = true;
	}
}
