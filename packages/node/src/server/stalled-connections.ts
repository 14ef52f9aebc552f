import type { Socket } from "node:net";
import { every, type Timer } from "@allium/core/transport";

/** How often connections are looked at within the time that they have. */
const looks = 4;

/** How much of what was written to a connection has left this process. */
interface Progress {
	readonly bytes: number;
	/** When that was first seen. */
	readonly since: number;
}

/**
 * Cuts connections whose other side takes nothing of what waits for it, be it that it does not read or that it is
 * gone. Whatever a connection speaks: this looks at what the system takes of it.
 */
export class StalledConnections {
	readonly #connections: Iterable<Socket>;
	readonly #milliseconds: number;
	readonly #cut: (socket: Socket) => void;
	readonly #waiting = new WeakMap<Socket, Progress>();
	readonly #timer: Timer;

	/** @param cut called with a connection of which nothing was taken for so many milliseconds. */
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
 * How many bytes the system has taken of a connection that has more for it; undefined when nothing waits. The handle
 * tells it also where TLS or HTTP/2 write to it directly; the socket counts what waits in it as written.
 */
function takenOf(socket: Socket): number | undefined {
	const handle: unknown = Reflect.get(socket, "_handle");
	if (typeof handle !== "object" || handle === null) return undefined;
	const queued: unknown = Reflect.get(handle, "writeQueueSize");
	const written: unknown = Reflect.get(handle, "bytesWritten");
	if (typeof queued !== "number" || typeof written !== "number" || queued === 0) return undefined;
	return written - queued;
}
