// The few parts of DER (ITU-T X.690) of which a certificate is made. Each function returns a whole element.

/** The tags of the elements that are written here. */
const tag = {
	boolean: 0x01,
	integer: 0x02,
	bitString: 0x03,
	octetString: 0x04,
	objectIdentifier: 0x06,
	utf8String: 0x0c,
	utcTime: 0x17,
	generalizedTime: 0x18,
	sequence: 0x30,
	set: 0x31,
} as const;

function element(type: number, ...contents: readonly Uint8Array[]): Buffer {
	const content = Buffer.concat(contents);
	return Buffer.concat([Uint8Array.of(type), lengthOf(content.length), content]);
}

/** A length below 128 is one byte. A greater one is the number of its bytes, with the highest bit set, and the bytes. */
function lengthOf(length: number): Uint8Array {
	if (length < 0x80) return Uint8Array.of(length);
	if (length < 0x100) return Uint8Array.of(0x81, length);
	return Uint8Array.of(0x82, length >> 8, length & 0xff);
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
	return element(tag.sequence, ...contents);
}

export function set(...contents: readonly Uint8Array[]): Buffer {
	return element(tag.set, ...contents);
}

/** An element that the structure around it numbers, with whole elements inside. */
export function explicit(number: number, ...contents: readonly Uint8Array[]): Buffer {
	return element(0xa0 | number, ...contents);
}

/** An element that the structure around it numbers, in place of its own tag. */
export function implicit(number: number, content: Uint8Array): Buffer {
	return element(0x80 | number, content);
}

/** A number that is not negative, by its bytes, the highest first. */
export function integer(bytes: Uint8Array): Buffer {
	const first = bytes.findIndex((byte) => byte !== 0);
	const least = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
	// The highest bit is the sign.
	return element(tag.integer, (least[0] ?? 0) < 0x80 ? Uint8Array.of() : Uint8Array.of(0), least);
}

/** @param unused how many of the last bits do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
	return element(tag.bitString, Uint8Array.of(unused), bytes);
}

export function octetString(...contents: readonly Uint8Array[]): Buffer {
	return element(tag.octetString, ...contents);
}

export function yes(): Buffer {
	return element(tag.boolean, Uint8Array.of(0xff));
}

export function utf8(text: string): Buffer {
	return element(tag.utf8String, Buffer.from(text));
}

/** An object identifier such as `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
	const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
	const bytes = [40 * first + second, ...rest].flatMap((number) => {
		const septets = [number & 0x7f];
		for (let left = number >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80);
		return septets;
	});
	return element(tag.objectIdentifier, Uint8Array.from(bytes));
}

/** A time to the second. Years up to 2049 have two digits: RFC 5280, section 4.1.2.5. */
export function time(date: Date): Buffer {
	const digits = date
		.toISOString()
		.replace(/\.\d+Z$/, "")
		.replaceAll(/\D/g, "");
	const isShort = date.getUTCFullYear() < 2050;
	return element(
		isShort ? tag.utcTime : tag.generalizedTime,
		Buffer.from(`${isShort ? digits.slice(2) : digits}Z`),
	);
}

/** An element as it is read: its tag, its content, and the whole. */
export interface Element {
	readonly type: number;
	readonly content: Uint8Array;
	readonly whole: Uint8Array;
}

/** Reads the elements in the content of another one. They come from files that Node has checked before. */
export function elementsIn(bytes: Uint8Array): Element[] {
	const elements: Element[] = [];
	for (let at = 0; at < bytes.length; ) {
		const type = bytes[at] ?? 0;
		let length = bytes[at + 1] ?? 0;
		let start = at + 2;
		if (length >= 0x80) {
			const bytesOfLength = length & 0x7f;
			length = 0;
			for (const byte of bytes.subarray(start, start + bytesOfLength)) length = length * 256 + byte;
			start += bytesOfLength;
		}
		elements.push({
			type,
			content: bytes.subarray(start, start + length),
			whole: bytes.subarray(at, start + length),
		});
		at = start + length;
	}
	return elements;
}
