/** Values in lines by key. The first value of each line is at work. A value without a key has its own line. */
export class KeyLines<Value> implements Iterable<Value> {
	readonly #lines = new Map<string, Value[]>();
	readonly #alone = new Set<Value>();

	/** Puts a value at the end of its line. Returns whether it is the first. */
	push(key: string | undefined, value: Value): boolean {
		if (key === undefined) {
			this.#alone.add(value);
			return true;
		}
		const line = this.#lines.get(key);
		if (line === undefined) this.#lines.set(key, [value]);
		else line.push(value);
		return line === undefined;
	}

	/** Takes the first of a line away. Returns the one that is the first now. */
	shift(key: string | undefined, value: Value): Value | undefined {
		if (key === undefined) {
			this.#alone.delete(value);
			return undefined;
		}
		const line = this.#lines.get(key);
		line?.shift();
		if (line?.length === 0) this.#lines.delete(key);
		return line?.[0];
	}

	*[Symbol.iterator](): Iterator<Value> {
		yield* this.#alone;
		for (const line of this.#lines.values()) yield* line;
	}
}
