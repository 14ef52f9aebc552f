import { fnv1aOfBytes } from "../../encoding/fnv1a.ts";
import type { ByteHandling } from "../../transport/pipe.ts";

/** The number of places at first, and at most. Both are powers of two; half of the places are used. */
const fewestPlaces = 16;
const mostPlaces = 4096;

/** The longest text that is remembered, in bytes. */
const longestBytes = 128;

/**
 * Reads short texts that come again and again, such as the paths of calls. Comparing a few bytes costs less than
 * making a new string, and the hash of a known string, which a lookup needs, has been computed already.
 *
 * All texts lie in a few dense arrays. Were they hundreds of objects, each call would touch one that has left the
 * caches of the processor.
 */
export class KnownTexts {
	readonly #bytes: ByteHandling;
	readonly #isWorthIt: (text: string) => boolean;
	readonly #texts: string[] = [];
	/** The bytes of the texts, one behind the other, and where each begins. The last start is that of the next text. */
	#written = noBytes;
	readonly #starts = [0];
	/** The number of a text plus one, at the place that its hash points at or, if that is taken, at the next free place. */
	#places = noPlaces;

	/** @param isWorthIt whether a text is remembered. Texts that strangers make up must not take memory. */
	constructor(bytes: ByteHandling, isWorthIt: (text: string) => boolean) {
		this.#bytes = bytes;
		this.#isWorthIt = isWorthIt;
	}

	read(bytes: Uint8Array, start: number, end: number): string {
		const length = end - start;
		if (length > longestBytes) return this.#bytes.readText(bytes, start, end);
		const last = this.#places.length - 1;
		let place = fnv1aOfBytes(bytes, start, end) & last;
		for (let known = this.#places[place]; known; known = this.#places[place]) {
			if (this.#isAt(known - 1, bytes, start, length)) return this.#texts[known - 1] as string;
			place = (place + 1) & last;
		}
		const text = this.#bytes.readText(bytes, start, end);
		if (this.#texts.length < mostPlaces / 2 && this.#isWorthIt(text))
			this.#remember(text, bytes.subarray(start, end));
		return text;
	}

	#isAt(index: number, bytes: Uint8Array, start: number, length: number): boolean {
		const from = this.#starts[index] as number;
		if ((this.#starts[index + 1] as number) - from !== length) return false;
		for (let n = 0; n < length; n++) if (this.#written[from + n] !== bytes[start + n]) return false;
		return true;
	}

	#remember(text: string, bytes: Uint8Array): void {
		const from = this.#starts[this.#texts.length] as number;
		const end = from + bytes.length;
		if (end > this.#written.length) {
			const grown = new Uint8Array(2 * end);
			grown.set(this.#written);
			this.#written = grown;
		}
		this.#written.set(bytes, from);
		this.#starts.push(end);
		this.#texts.push(text);
		if (2 * this.#texts.length > this.#places.length) this.#grow();
		else this.#place(this.#texts.length - 1);
	}

	#grow(): void {
		this.#places = new Uint16Array(Math.max(fewestPlaces, 2 * this.#places.length));
		for (let index = 0; index < this.#texts.length; index++) this.#place(index);
	}

	#place(index: number): void {
		const last = this.#places.length - 1;
		let place =
			fnv1aOfBytes(this.#written, this.#starts[index] as number, this.#starts[index + 1] as number) & last;
		while (this.#places[place] !== 0) place = (place + 1) & last;
		this.#places[place] = index + 1;
	}
}

/** Shared: most connections call few methods, and many call none. */
const noBytes = new Uint8Array(0);
const noPlaces = new Uint16Array(0);
