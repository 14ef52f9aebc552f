import type { Socket } from "node:net";
import { Overdue } from "./overdue.ts";
import { type Protocol, protocolOf } from "./protocol.ts";

/** Connections that have not shown yet what they speak. */
export class Undecided {
	readonly #decided: (socket: Socket, protocol: Protocol) => void;
	readonly #overdue: Overdue<Socket>;

	/** @param decided takes the connection over, all its bytes still unread. */
	constructor(timeoutMs: number, decided: (socket: Socket, protocol: Protocol) => void) {
		this.#decided = decided;
		this.#overdue = new Overdue(timeoutMs, (socket) => socket.destroy());
	}

	add(socket: Socket): void {
		// Held here while undecided: unshifting and waiting for "readable" again would spin for ever.
		let held: Buffer | undefined;
		const onReadable = (): void => {
			const bytes: Buffer | null = socket.read();
			if (bytes === null) return;
			held = held === undefined ? bytes : Buffer.concat([held, bytes]);
			const protocol = protocolOf(held);
			if (protocol === undefined) return;
			leave();
			socket.unshift(held);
			this.#decided(socket, protocol);
		};
		const leave = (): void => {
			this.#overdue.delete(socket);
			socket.removeListener("readable", onReadable).removeListener("close", leave);
		};
		socket.on("readable", onReadable).on("close", leave);
		this.#overdue.add(socket);
	}

	/** Cuts all of them. */
	destroy(): void {
		this.#overdue.expireAll();
	}

	/** Cuts all of them, and ends the timer. */
	close(): void {
		this.destroy();
		this.#overdue.close();
	}
}
