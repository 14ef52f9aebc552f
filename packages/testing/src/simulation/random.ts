/** Pseudorandom numbers that follow from a seed alone: the same seed gives the same numbers. */
export class Random {
	#a: number;
	#b: number;
	#c: number;
	#counter = 1;

	constructor(seed: string) {
		this.#a = hash(seed, 0x811c9dc5);
		this.#b = hash(seed, 0x01000193);
		this.#c = hash(seed, 0x9e3779b9);
		for (let round = 0; round < 12; round++) this.#next();
	}

	/** A number from 0 up to, but not including, 1. */
	readonly number = (): number => this.#next() / 2 ** 32;

	/** Returns true with the given probability. */
	chance(probability: number): boolean {
		return probability > 0 && this.number() < probability;
	}

	/** A number from `low` up to, but not including, `high`. */
	between(low: number, high: number): number {
		return low + this.number() * (high - low);
	}

	/** A whole number from 0 up to, but not including, `bound`. */
	below(bound: number): number {
		return Math.floor(this.number() * bound);
	}

	/** One of the items. */
	pick<Item>(items: readonly [Item, ...Item[]]): Item {
		return items[this.below(items.length)] ?? items[0];
	}

	/** A UUID of version 4. */
	uuid(): `${string}-${string}-${string}-${string}-${string}` {
		const digits = Array.from({ length: 4 }, () => this.#next().toString(16).padStart(8, "0")).join("");
		const variant = "89ab".charAt(this.below(4));
		const [one, two, three] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(13, 16)];
		return `${one}-${two}-4${three}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
	}

	/** Chris Doty-Humphrey's sfc32, of the PractRand suite. */
	#next(): number {
		const result = (this.#a + this.#b + this.#counter) | 0;
		this.#counter = (this.#counter + 1) | 0;
		this.#a = this.#b ^ (this.#b >>> 9);
		this.#b = (this.#c + (this.#c << 3)) | 0;
		this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
		return result >>> 0;
	}
}

/** FNV-1a with a final mix. */
function hash(text: string, basis: number): number {
	let value = basis;
	for (let index = 0; index < text.length; index++) {
		value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
	}
	value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
	return value ^ (value >>> 13);
}
