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

/** The connections that are watched, and what becomes of them. */
export interface StalledOptions {
	readonly connections: Iterable<Socket>;
	/** The connection inside of TLS that a connection carries. */
	readonly innerOf: (connection: Socket) => Socket | undefined;
	/** How long a connection may take nothing, in milliseconds. */
	readonly milliseconds: number;
	/** Called with a connection that has taken nothing for so long. */
	readonly cut: (connection: Socket) => void;
}

/**
 * Cuts connections whose other side takes none of the bytes that wait for it, because it does not read or is gone. This
 * works for every protocol, as it looks at what the operating system accepts.
 */
export class StalledConnections {
	readonly #options: StalledOptions;
	readonly #waiting = new WeakMap<Socket, Progress>();
	readonly #timer: Timer;

	constructor(options: StalledOptions) {
		this.#options = options;
		this.#timer = every(options.milliseconds / looks, () => this.#look());
	}

	/** Ends the timer. */
	close(): void {
		this.#timer.stop();
	}

	#look(): void {
		const now = performance.now();
		const { connections, innerOf, cut } = this.#options;
		for (const socket of connections) {
			const taken = takenOf(socket, innerOf(socket));
			if (taken === undefined) this.#waiting.delete(socket);
			else if (this.#isStalled(socket, taken, now)) cut(socket);
		}
	}

	#isStalled(socket: Socket, bytes: number, now: number): boolean {
		const before = this.#waiting.get(socket);
		if (before?.bytes !== bytes) {
			this.#waiting.set(socket, { bytes, since: now });
			return false;
		}
		return now - before.since >= this.#options.milliseconds;
	}
}

/**
 * How many bytes of a connection the system has taken while more wait; undefined when nothing waits. The handle counts
 * them even where TLS or HTTP/2 write to it directly. The socket counts the bytes that wait in it as written. Bytes may
 * also wait inside of TLS, and for ever: Node forgets it when a write of TLS itself failed, such as that of tickets to a
 * client that is gone, and holds back all writes behind it.
 */
function takenOf(socket: Socket, inner: Socket | undefined): number | undefined {
	const handle: unknown = Reflect.get(socket, "_handle");
	if (typeof handle !== "object" || handle === null) return undefined;
	const queued: unknown = Reflect.get(handle, "writeQueueSize");
	const written: unknown = Reflect.get(handle, "bytesWritten");
	if (typeof queued !== "number" || typeof written !== "number") return undefined;
	const waits = queued > 0 || (inner !== undefined && inner.writableLength > 0);
	return waits ? written - queued : undefined;
}
