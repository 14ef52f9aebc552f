import type { PeerInfo } from "@allium/core";
import type { Pipe, PipeHandler } from "@allium/core/transport";
import type { SimulatedEvent } from "./event-queue.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Simulator } from "./simulator.ts";

/** How many bytes may be in flight in one direction before `write` returns false. */
const highWaterBytes = 64 * 1024;

/** How long the other end may take to end as well, in milliseconds, before the connection is cut. */
const endTimeoutMs = 5_000;

/** The moment until which one direction of a pipe is busy. Later bytes arrive later. */
export interface Lane {
	busyUntil: number;
}

/** The parts of the network that a pipe uses. */
export interface PipeNetwork {
	/** Whether a chunk of bytes ends its pipe with a reset. */
	resets(): boolean;
	/** Carries bytes from node to node, in order within a lane. */
	transmit(from: string, to: string, lane: Lane, deliver: () => void): void;
	/** Whether the machine of a process that is down still answers in its place. */
	answersFor(process: SimulatedProcess): boolean;
	/** Called when the pipe has closed. */
	forget(pipe: SimulatedPipe): void;
}

/** One end of a connection in the simulated network. Like TCP, it delivers bytes in order or a reset. */
export class SimulatedPipe implements Pipe {
	readonly peer: PeerInfo;
	readonly id: string;
	readonly owner: SimulatedProcess;
	/** The name of the node at the other end. */
	readonly remote: string;
	other: SimulatedPipe | undefined;
	readonly #simulator: Simulator;
	readonly #network: PipeNetwork;
	readonly #lane: Lane = { busyUntil: 0 };
	readonly #forgetCrash: () => void;
	#handler: PipeHandler | undefined;
	/** Events that arrived before there was a handler. */
	#early: (() => void)[] = [];
	#onTheWay = 0;
	#waiting = false;
	#ended = false;
	/** Resets the connection unless the other end answers the end in time. */
	#endTimeout: SimulatedEvent | undefined;
	#heardEnd = false;
	#closed = false;
	#silent = false;

	constructor(
		id: string,
		simulator: Simulator,
		network: PipeNetwork,
		owner: SimulatedProcess,
		remote: string,
	) {
		this.id = id;
		this.#simulator = simulator;
		this.#network = network;
		this.owner = owner;
		this.remote = remote;
		this.peer = { address: `${remote}:${id}` };
		this.#forgetCrash = owner.onCrash((silent) => {
			this.#closed = true;
			network.forget(this);
			if (!silent) this.other?.lostSoon("the connection was reset by the other end");
		});
	}

	connect(other: SimulatedPipe): void {
		this.other = other;
	}

	start(handler: PipeHandler): void {
		this.#handler = handler;
		const early = this.#early;
		this.#early = [];
		if (early.length > 0) {
			this.#simulator.schedule(0, () => {
				for (const happen of early) happen();
			});
		}
	}

	write(bytes: Uint8Array): boolean {
		if (this.#closed || this.#ended) return true;
		if (this.#network.resets()) {
			this.#simulator.note(`${this.id} is reset`);
			this.#simulator.schedule(0, () => this.lost("the connection was reset"));
			this.other?.lostSoon("the connection was reset");
			return true;
		}
		this.#onTheWay += bytes.length;
		this.#toOther((other) => {
			other.#hear(() => {
				this.#simulator.note(`${this.id} brings ${bytes.length} bytes`);
				other.#handler?.data(bytes);
			});
			this.#arrived(bytes.length);
		});
		this.#waiting = this.#onTheWay >= highWaterBytes;
		return !this.#waiting;
	}

	schedule(flush: () => void): void {
		queueMicrotask(flush);
	}

	end(): void {
		if (this.#ended || this.#closed) return;
		this.#ended = true;
		this.#toOther((other) => other.#hear(() => other.#hearEnd()));
		if (this.#heardEnd) this.#close();
		else this.#endTimeout = this.#simulator.schedule(endTimeoutMs, () => this.destroy());
	}

	destroy(): void {
		if (this.#closed) return;
		this.other?.lostSoon("the connection was reset by the other end");
		this.#close();
	}

	/** Delivers nothing more to the other end, without telling either side. */
	silence(): void {
		this.#silent = true;
	}

	/** Delivers a reset here, as far as the network lets it through. */
	lostSoon(reason: string): void {
		if (this.#silent) return;
		const lane = this.other === undefined ? { busyUntil: 0 } : this.other.#lane;
		this.#network.transmit(this.remote, this.owner.name, lane, () => {
			this.#simulator.enter(this.owner, () => this.lost(reason));
		});
	}

	/** Called when the connection is gone. */
	lost(reason: string): void {
		if (this.#closed) return;
		this.#simulator.note(`${this.id} lost: ${reason}`);
		if (this.#handler === undefined) this.#early.push(() => this.#close(new Error(reason)));
		else this.#close(new Error(reason));
	}

	/** Sends something to the other end. If nobody is there, a reset comes back, or nothing at all. */
	#toOther(happen: (other: SimulatedPipe) => void): void {
		if (this.#silent) return;
		this.#network.transmit(this.owner.name, this.remote, this.#lane, () => {
			const { other } = this;
			if (other === undefined) return;
			if (other.owner.alive && !other.#closed) {
				this.#simulator.enter(other.owner, () => {
					if (!other.#closed) happen(other);
				});
			} else if (other.owner.alive || this.#network.answersFor(other.owner)) {
				this.lostSoon("the connection was reset by the other end");
			}
		});
	}

	#hear(happen: () => void): void {
		if (this.#handler === undefined) this.#early.push(happen);
		else happen();
	}

	/** The other end writes nothing more. Pipes do not stay half open. */
	#hearEnd(): void {
		this.#heardEnd = true;
		if (this.#closed) return;
		if (!this.#ended) this.end();
		else this.#close();
	}

	/** The bytes have arrived. A writer that waits for room learns of it after the way back. */
	#arrived(bytes: number): void {
		this.#onTheWay -= bytes;
		if (!this.#waiting || this.#onTheWay >= highWaterBytes) return;
		this.#waiting = false;
		this.#network.transmit(this.remote, this.owner.name, { busyUntil: 0 }, () => {
			this.#simulator.enter(this.owner, () => {
				if (!this.#closed) this.#handler?.drain();
			});
		});
	}

	#close(error?: Error): void {
		if (this.#closed) return;
		this.#closed = true;
		if (this.#endTimeout !== undefined) this.#endTimeout.canceled = true;
		this.#forgetCrash();
		this.#network.forget(this);
		this.#handler?.closed(error);
	}
}
