import type { Socket } from "node:net";
import { every, type Timer } from "@allium/core/transport";

/** How many times connections are checked within the time that they have. */
const looks = 4;

/** How many bytes written to a connection have left this process. */
interface Progress {
	readonly bytes: number;
	/** The time when this count was first seen. */
	readonly since: number;
}

/**
 * Cuts connections whose other side takes none of the bytes that wait for it, because it does not read or is gone. This
 * works for every protocol, as it looks at what the operating system accepts.
 */
export class StalledConnections {
	readonly #connections: Iterable<Socket>;
	readonly #milliseconds: number;
	readonly #cut: (socket: Socket) => void;
	readonly #waiting = new WeakMap<Socket, Progress>();
	readonly #timer: Timer;

	/** @param cut called with a connection that has taken nothing for the given milliseconds. */
	constructor(connections: Iterable<Socket>, milliseconds: number, cut: (socket: Socket) => void) {
		this.#connections = connections;
		this.#milliseconds = milliseconds;
		this.#cut = cut;
		this.#timer = every(milliseconds / looks, () => this.#look());
	}

	/** Ends the timer. */
	close(): void {
		this.#timer.stop();
	}

	#look(): void {
		const now = performance.now();
		for (const socket of this.#connections) {
			const taken = takenOf(socket);
			if (taken === undefined) this.#waiting.delete(socket);
			else if (this.#isStalled(socket, taken, now)) this.#cut(socket);
		}
	}

	#isStalled(socket: Socket, bytes: number, now: number): boolean {
		const before = this.#waiting.get(socket);
		if (before?.bytes !== bytes) {
			this.#waiting.set(socket, { bytes, since: now });
			return false;
		}
		return now - before.since >= this.#milliseconds;
	}
}

/**
 * How many bytes of a connection the system has taken while more wait; undefined when nothing waits. The handle counts
 * them even where TLS or HTTP/2 write to it directly. The socket counts the bytes that wait in it as written.
 */
function takenOf(socket: Socket): number | undefined {
	const handle: unknown = Reflect.get(socket, "_handle");
	if (typeof handle !== "object" || handle === null) return undefined;
	const queued: unknown = Reflect.get(handle, "writeQueueSize");
	const written: unknown = Reflect.get(handle, "bytesWritten");
	if (typeof queued !== "number" || typeof written !== "number" || queued === 0) return undefined;
	return written - queued;
}
