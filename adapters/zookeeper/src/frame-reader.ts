import type { JuteWriter } from "./jute.ts";

/** The largest frame that is accepted, in bytes. ZooKeeper itself takes 1 MiB by default, and lists may be longer. */
const maxFrameBytes = 16 * 1024 * 1024;

/** The written bytes, preceded by their length. */
export function framed(written: JuteWriter): Buffer {
	const body = written.take();
	const length = Buffer.allocUnsafe(4);
	length.writeInt32BE(body.length);
	return Buffer.concat([length, body]);
}

/** Cuts the bytes of a connection into frames: a length of four bytes, and a body of that length. */
export class FrameReader {
	readonly #take: (frame: Buffer) => void;
	#chunks: Buffer[] = [];
	#length = 0;

	constructor(take: (frame: Buffer) => void) {
		this.#take = take;
	}

	/** @throws Error when a frame is too long, or its consumer throws. */
	push(bytes: Buffer): void {
		this.#chunks.push(bytes);
		this.#length += bytes.length;
		for (let size = this.#nextSize(); size !== undefined; size = this.#nextSize()) {
			const whole = this.#chunks.length === 1 ? (this.#chunks[0] ?? bytes) : Buffer.concat(this.#chunks);
			const rest = whole.subarray(4 + size);
			this.#chunks = rest.length > 0 ? [rest] : [];
			this.#length = rest.length;
			this.#take(whole.subarray(4, 4 + size));
		}
	}

	/** The length of the next frame; undefined until all of it is there. */
	#nextSize(): number | undefined {
		if (this.#length < 4) return undefined;
		const [first = Buffer.alloc(0)] = this.#chunks;
		if (first.length < 4) this.#chunks = [Buffer.concat(this.#chunks)];
		const size = this.#chunks[0]?.readInt32BE(0) ?? 0;
		if (size < 0 || size > maxFrameBytes) throw new Error("it does not speak the protocol of ZooKeeper");
		return this.#length < 4 + size ? undefined : size;
	}
}
