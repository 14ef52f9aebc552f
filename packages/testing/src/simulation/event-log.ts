/** What happened in a simulation, in order. Two runs with the same seed have the same text. */
export class EventLog {
	readonly #times: number[] = [];
	readonly #nodes: string[] = [];
	readonly #texts: string[] = [];
	#closed = false;

	/** How many entries there are. */
	get length(): number {
		return this.#texts.length;
	}

	add(time: number, node: string, text: string): void {
		if (this.#closed) return;
		this.#times.push(time);
		this.#nodes.push(node);
		this.#texts.push(text);
	}

	/** The last entries, a line each: milliseconds, node, what happened. */
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

	/** What comes later is not part of the run. */
	close(): void {
		this.#closed = true;
	}
}
