import type { Socket } from "node:net";
import { after, type Timer } from "@allium/core/transport";
import type { Faults } from "./fault-rule.ts";

/** How many bytes may wait between the two sockets before the source is no longer read. */
const maxWaitingBytes = 1024 * 1024;
/** A limited flow sends at least this many pieces a second. */
const piecesPerSecond = 20;

/** Bytes that wait to be sent. Without bytes, the end of the stream. */
interface Piece {
	bytes: Buffer | undefined;
	readonly arrivedAt: number;
	readonly luck: number;
}

/** The options of a flow. */
export interface FaultyFlowOptions {
	/** The faults that apply now. `luck`, from 0 to 1, decides the random part of delays. */
	readonly faults: (luck: number) => Faults;
	/** Called with the number of bytes that were passed on. */
	readonly onPassed: (bytes: number) => void;
}

/** One direction of a connection. It passes on the bytes that a socket receives, with the faults that apply. */
export class FaultyFlow {
	readonly #source: Socket;
	readonly #sink: Socket;
	readonly #options: FaultyFlowOptions;
	readonly #waiting: Piece[] = [];
	#waitingBytes = 0;
	#timer: Timer | undefined;
	/** The sink takes no more for now. */
	#isFull = false;
	/** When the rate limit lets the next bytes pass. */
	#freeAt = 0;
	#isSilent = false;

	constructor(source: Socket, sink: Socket, options: FaultyFlowOptions) {
		this.#source = source;
		this.#sink = sink;
		this.#options = options;
		source.on("data", (bytes: Buffer) => this.#add(bytes));
		source.on("end", () => this.#add(undefined));
		sink.on("drain", () => {
			this.#isFull = false;
			this.pump();
		});
	}

	/** Whether bytes were dropped, so that nothing passes any more. */
	get isSilent(): boolean {
		return this.#isSilent;
	}

	/** Drops everything from now on. */
	silence(): void {
		this.#isSilent = true;
		this.#waiting.length = 0;
		this.#waitingBytes = 0;
		this.#timer?.stop();
		this.#source.resume();
	}

	/** Sends the bytes that may be sent now. Call it when the faults have changed. */
	pump(): void {
		this.#timer?.stop();
		while (!this.#isSilent && !this.#isFull) {
			const [piece] = this.#waiting;
			if (piece === undefined) break;
			const faults = this.#options.faults(piece.luck);
			if (faults.drops) this.silence();
			if (faults.drops || faults.stalls) break;
			const waitMs = Math.max(piece.arrivedAt + faults.delayMs, this.#freeAt) - performance.now();
			if (waitMs > 0) {
				this.#timer = after(Math.ceil(waitMs), () => this.pump());
				break;
			}
			this.#send(piece, faults);
		}
		if (this.#waitingBytes < maxWaitingBytes) this.#source.resume();
		else this.#source.pause();
	}

	/** Drops the waiting bytes, and leaves no timer. */
	stop(): void {
		this.#timer?.stop();
		this.#waiting.length = 0;
	}

	#add(bytes: Buffer | undefined): void {
		if (this.#isSilent) return;
		this.#waiting.push({ bytes, arrivedAt: performance.now(), luck: Math.random() });
		this.#waitingBytes += bytes?.length ?? 0;
		this.pump();
	}

	#send(piece: Piece, { bytesPerSecond, corruption }: Faults): void {
		const { bytes } = piece;
		const sent = bytes?.subarray(0, Math.max(1, bytesPerSecond / piecesPerSecond));
		if (bytes === undefined || sent === undefined || sent.length === bytes.length) this.#waiting.shift();
		else piece.bytes = bytes.subarray(sent.length);
		if (sent === undefined) {
			this.#sink.end();
			return;
		}
		this.#waitingBytes -= sent.length;
		if (bytesPerSecond < Number.POSITIVE_INFINITY) {
			this.#freeAt = Math.max(performance.now(), this.#freeAt) + (1_000 * sent.length) / bytesPerSecond;
		} else this.#freeAt = 0;
		this.#options.onPassed(sent.length);
		this.#isFull = !this.#sink.write(Math.random() < corruption ? corrupted(sent) : sent);
	}
}

/** A copy of some bytes with one bit flipped. */
function corrupted(bytes: Buffer): Buffer {
	const copy = Buffer.from(bytes);
	const at = Math.floor(Math.random() * copy.length);
	copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
	return copy;
}
