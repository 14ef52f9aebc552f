import type { ByteHandling } from "../pipe.ts";

/** A text that was read before. */
interface Known {
	readonly bytes: Uint8Array;
	readonly text: string;
}

/** How many are remembered; a power of two. */
const places = 16;

/** Longer texts are not remembered, in bytes. */
const longestBytes = 128;

/**
 * Reads short texts that come again and again, such as the paths of calls: comparing a few bytes costs less
 * than making the string anew, and its hash, which looking it up takes, was worked out before.
 */
export class KnownTexts {
	readonly #bytes: ByteHandling;
	#known: (Known | undefined)[] | undefined;

	constructor(bytes: ByteHandling) {
		this.#bytes = bytes;
	}

	read(bytes: Uint8Array, start: number, end: number): string {
		const length = end - start;
		if (length > longestBytes) return this.#bytes.readText(bytes, start, end);
		this.#known ??= new Array<Known | undefined>(places).fill(undefined);
		const place = (length + 3 * (bytes[end - 1] ?? 0) + 7 * (bytes[end - 2] ?? 0)) & (places - 1);
		const known = this.#known[place];
		if (known !== undefined && isAt(known.bytes, bytes, start, length)) return known.text;
		const text = this.#bytes.readText(bytes, start, end);
		this.#known[place] = { bytes: new Uint8Array(bytes.subarray(start, end)), text };
		return text;
	}
}

function isAt(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
	if (known.length !== length) return false;
	for (let index = 0; index < length; index++) if (known[index] !== bytes[start + index]) return false;
	return true;
}
