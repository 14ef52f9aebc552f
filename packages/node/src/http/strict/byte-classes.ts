// The parts of a request's head in which the strict subset allows a byte.
export const inToken = 1;
export const inTarget = 2;
export const inValue = 4;
export const inMethod = 8;

/** The classes of each byte. */
export const byteClasses: Uint8Array = byteTable();

function byteTable(): Uint8Array {
	const table = new Uint8Array(256);
	const add = (from: number, to: number, part: number): void => {
		for (let byte = from; byte <= to; byte++) table[byte] = (table[byte] as number) | part;
	};
	add(0x21, 0x7e, inTarget);
	add(0x20, 0x7e, inValue);
	// Bytes from 0x80 are read as latin1. They change nothing about where a request ends, and browsers send them.
	add(0x80, 0xff, inValue);
	add(0x09, 0x09, inValue);
	for (const byte of Buffer.from("!#$%&'*+-.^_`|~")) add(byte, byte, inToken);
	add(0x30, 0x39, inToken);
	add(0x61, 0x7a, inToken);
	add(0x41, 0x5a, inToken | inMethod);
	add(0x2d, 0x2d, inMethod);
	return table;
}
