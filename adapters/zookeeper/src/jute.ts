/**
 * Writes values as ZooKeeper has them on the wire: numbers in big endian, and a length before each value that has one.
 */
export class JuteWriter {
	#parts: Buffer[] = [];

	int(value: number): this {
		const bytes = Buffer.allocUnsafe(4);
		bytes.writeInt32BE(value);
		return this.#add(bytes);
	}

	long(value: bigint): this {
		const bytes = Buffer.allocUnsafe(8);
		bytes.writeBigInt64BE(value);
		return this.#add(bytes);
	}

	boolean(value: boolean): this {
		return this.#add(Buffer.from([value ? 1 : 0]));
	}

	bytes(value: Uint8Array): this {
		return this.int(value.byteLength).#add(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
	}

	text(value: string): this {
		return this.bytes(Buffer.from(value));
	}

	/** All written bytes. */
	take(): Buffer {
		return Buffer.concat(this.#parts);
	}

	#add(bytes: Buffer): this {
		this.#parts.push(bytes);
		return this;
	}
}

/**
 * Reads values as ZooKeeper has them on the wire.
 *
 * @throws RangeError when there are fewer bytes than the values take.
 */
export class JuteReader {
	readonly #bytes: Buffer;
	#at = 0;

	constructor(bytes: Buffer) {
		this.#bytes = bytes;
	}

	int(): number {
		return this.#bytes.readInt32BE(this.#pass(4));
	}

	long(): bigint {
		return this.#bytes.readBigInt64BE(this.#pass(8));
	}

	/** A length of -1 stands for nothing. */
	bytes(): Buffer {
		const length = Math.max(0, this.int());
		const from = this.#pass(length);
		return this.#bytes.subarray(from, from + length);
	}

	text(): string {
		return this.bytes().toString("utf8");
	}

	texts(): string[] {
		const texts: string[] = [];
		for (let left = this.int(); left > 0; left--) texts.push(this.text());
		return texts;
	}

	/** Passes over bytes. Returns where they begin. */
	#pass(length: number): number {
		const from = this.#at;
		if (from + length > this.#bytes.length) throw new RangeError("the answer is shorter than it says");
		this.#at += length;
		return from;
	}
}
