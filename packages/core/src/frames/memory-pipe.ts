import type { PeerInfo } from "../context/context.ts";
import type { Pipe, PipeHandler } from "../transport/pipe.ts";

/** How many bytes one direction holds before `write` returns false. */
const highWaterBytes = 64 * 1024;

/** Runs callbacks in the next microtask, at half the cost of `queueMicrotask`. */
const soon = Promise.resolve();

/**
 * How many turns of microtasks a message of a stream waits for the next, which takes some five turns to make. A dozen
 * messages then go out together, after a wait of some 2 µs.
 */
const turnsForMore = 64;

/** An `await` of a promise that is resolved is the cheapest turn: it allocates no promise. */
async function whenMoreHasGathered(run: () => void): Promise<void> {
	for (let turn = 0; turn < turnsForMore; turn++) await soon;
	run();
}

const memory: PeerInfo = { address: "memory" };

/**
 * Makes the two ends of a pipe within one process.
 *
 * @param caller the first end, as the second end sees it.
 */
export function memoryPipes(caller: PeerInfo = memory): [Pipe, Pipe] {
	const left = new MemoryPipe(memory);
	const right = new MemoryPipe(caller);
	left.connect(right);
	right.connect(left);
	return [left, right];
}

class MemoryPipe implements Pipe {
	readonly peer: PeerInfo;
	#other: MemoryPipe | undefined;
	#handler: PipeHandler | undefined;
	#incoming: Uint8Array[] = [];
	#incomingBytes = 0;
	#otherWaits = false;
	#delivering = false;
	#ended = false;
	#closed = false;

	constructor(peer: PeerInfo) {
		this.peer = peer;
	}

	connect(other: MemoryPipe): void {
		this.#other = other;
	}

	start(handler: PipeHandler): void {
		this.#handler = handler;
		this.#deliverSoon();
	}

	write(bytes: Uint8Array): boolean {
		if (this.#closed || this.#ended) return true;
		return this.#other?.receive(bytes) ?? true;
	}

	schedule(flush: () => void, _idle: boolean, more: boolean): void {
		if (more) void whenMoreHasGathered(flush);
		else void soon.then(flush);
	}

	end(): void {
		if (this.#ended || this.#closed) return;
		this.#ended = true;
		this.#other?.receiveEnd();
	}

	destroy(): void {
		if (this.#closed) return;
		this.#close();
		this.#other?.receiveReset();
	}

	receive(bytes: Uint8Array): boolean {
		if (this.#closed) return true;
		this.#incoming.push(bytes);
		this.#incomingBytes += bytes.length;
		this.#deliverSoon();
		this.#otherWaits = this.#incomingBytes >= highWaterBytes;
		return !this.#otherWaits;
	}

	/** The other end will write no more: this end closes once it has read everything that came. */
	receiveEnd(): void {
		this.#ended = true;
		this.#deliverSoon();
	}

	receiveReset(): void {
		if (this.#closed) return;
		queueMicrotask(() => this.#close(new Error("the pipe was reset by the other end")));
	}

	/** Delivers as a network does: never before the writer's turn is over. */
	#deliverSoon(): void {
		if (this.#delivering || this.#closed || this.#handler === undefined) return;
		this.#delivering = true;
		void soon.then(this.#deliver);
	}

	readonly #deliver = (): void => {
		this.#delivering = false;
		while (this.#incoming.length > 0 && !this.#closed) {
			const batch = this.#incoming;
			this.#incoming = [];
			this.#incomingBytes = 0;
			for (const bytes of batch) if (!this.#closed) this.#handler?.data(bytes);
		}
		if (this.#otherWaits) {
			this.#otherWaits = false;
			this.#other?.drained();
		}
		if (this.#ended && this.#incoming.length === 0 && !this.#closed) {
			this.#close();
			this.#other?.receiveClosed();
		}
	};

	drained(): void {
		if (!this.#closed) this.#handler?.drain();
	}

	receiveClosed(): void {
		if (!this.#closed) queueMicrotask(() => this.#close());
	}

	#close(error?: Error): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#incoming = [];
		this.#handler?.closed(error);
	}
}
