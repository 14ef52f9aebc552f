/** A field of a protobuf message: a number for varints, and bytes for fields with a length or a fixed width. */
export interface Field {
	readonly number: number;
	readonly value: bigint | Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The wire types of protobuf that are in use. */
const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/** Writes a protobuf message field by field. */
export class MessageWriter {
	readonly #bytes: number[] = [];

	varint(field: number, value: bigint): this {
		this.#tag(field, varint);
		this.#varint(BigInt.asUintN(64, value));
		return this;
	}

	double(field: number, value: number): this {
		this.#tag(field, fixed64);
		const bytes = new Uint8Array(8);
		new DataView(bytes.buffer).setFloat64(0, value, true);
		this.#append(bytes);
		return this;
	}

	text(field: number, value: string): this {
		return this.bytes(field, encoder.encode(value));
	}

	bytes(field: number, value: Uint8Array): this {
		this.#tag(field, lengthDelimited);
		this.#varint(BigInt(value.length));
		this.#append(value);
		return this;
	}

	finish(): Uint8Array {
		return Uint8Array.from(this.#bytes);
	}

	#tag(field: number, wireType: number): void {
		this.#varint(BigInt(field * 8 + wireType));
	}

	#append(bytes: Uint8Array): void {
		for (const byte of bytes) this.#bytes.push(byte);
	}

	#varint(value: bigint): void {
		let rest = value;
		while (rest > 0x7fn) {
			this.#bytes.push(Number(rest & 0x7fn) | 0x80);
			rest >>= 7n;
		}
		this.#bytes.push(Number(rest));
	}
}

/**
 * Reads the fields of a protobuf message, in order.
 *
 * @throws RangeError when the message is malformed.
 */
export function* readFields(bytes: Uint8Array): Generator<Field> {
	let offset = 0;
	const readVarint = (): bigint => {
		let value = 0n;
		for (let shift = 0n; shift < 70n; shift += 7n) {
			const byte = bytes[offset++];
			if (byte === undefined) break;
			value |= BigInt(byte & 0x7f) << shift;
			if (byte < 0x80) return BigInt.asUintN(64, value);
		}
		throw new RangeError("a malformed varint");
	};
	const readBytes = (length: number): Uint8Array => {
		if (length > bytes.length - offset) throw new RangeError("a field is cut off");
		offset += length;
		return bytes.subarray(offset - length, offset);
	};
	while (offset < bytes.length) {
		const tag = Number(readVarint());
		const wireType = tag % 8;
		const number = Math.floor(tag / 8);
		if (wireType === varint) yield { number, value: readVarint() };
		else if (wireType === fixed64) yield { number, value: readBytes(8) };
		else if (wireType === lengthDelimited) yield { number, value: readBytes(Number(readVarint())) };
		else if (wireType === fixed32) yield { number, value: readBytes(4) };
		else throw new RangeError(`wire type ${wireType}`);
	}
}

/** The text of a field; empty when the field is not text. */
export function fieldText({ value }: Field): string {
	return typeof value === "bigint" ? "" : decoder.decode(value);
}

/** The bytes of a field; empty when it is a number. */
export function fieldBytes({ value }: Field): Uint8Array {
	return typeof value === "bigint" ? new Uint8Array() : value;
}

/** The double of a field. */
export function fieldDouble({ value }: Field): number {
	if (typeof value === "bigint" || value.length !== 8) throw new RangeError("not a double");
	return new DataView(value.buffer, value.byteOffset, 8).getFloat64(0, true);
}
