import type { ByteHandling } from "../pipe.ts";

/** A text that was read before. */
interface Known {
	readonly hash: number;
	readonly bytes: Uint8Array;
	readonly text: string;
}

/** There is a place for so many at first, and for so many at most: powers of two. */
const fewestPlaces = 16;
const mostPlaces = 1024;

/** Longer texts are not remembered, in bytes. */
const longestBytes = 128;

/**
 * Reads short texts that come again and again, such as the paths of calls: comparing a few bytes costs less
 * than making the string anew, and its hash, which looking it up takes, was worked out before.
 */
export class KnownTexts {
	readonly #bytes: ByteHandling;
	readonly #isWorthIt: (text: string) => boolean;
	/** Each at the place that its bytes point at; whoever came first has it. */
	#known: (Known | undefined)[] = [];

	/** @param isWorthIt whether a text is remembered: what strangers make up must not take memory. */
	constructor(bytes: ByteHandling, isWorthIt: (text: string) => boolean) {
		this.#bytes = bytes;
		this.#isWorthIt = isWorthIt;
	}

	read(bytes: Uint8Array, start: number, end: number): string {
		const length = end - start;
		if (length > longestBytes) return this.#bytes.readText(bytes, start, end);
		const hash = hashOf(bytes, start, end);
		const known = this.#known[hash & (this.#known.length - 1)];
		if (known !== undefined && isAt(known.bytes, bytes, start, length)) return known.text;
		const text = this.#bytes.readText(bytes, start, end);
		const isFull = known !== undefined && this.#known.length === mostPlaces;
		if (!isFull && this.#isWorthIt(text)) {
			this.#remember({ hash, bytes: new Uint8Array(bytes.subarray(start, end)), text });
		}
		return text;
	}

	#remember(added: Known): void {
		const { length } = this.#known;
		if (length === 0 || this.#known[added.hash & (length - 1)] !== undefined) this.#grow();
		this.#known[added.hash & (this.#known.length - 1)] ??= added;
	}

	#grow(): void {
		const places = Math.max(fewestPlaces, this.#known.length * 2);
		const grown = new Array<Known | undefined>(places).fill(undefined);
		for (const known of this.#known) if (known !== undefined) grown[known.hash & (places - 1)] = known;
		this.#known = grown;
	}
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
	let hash = 0x811c9dc5;
	for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
	return hash >>> 0;
}

function isAt(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
	if (known.length !== length) return false;
	for (let index = 0; index < length; index++) if (known[index] !== bytes[start + index]) return false;
	return true;
}
