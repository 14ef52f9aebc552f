import type { Socket } from "node:net";
import { readAll } from "../platform/read-all.ts";
import { Overdue } from "./overdue.ts";

/** The meaning of a connection's first bytes, and how many of them are used up. */
export interface Finding<Found> {
	readonly found: Found;
	readonly used: number;
}

/** How the first bytes of connections are read. */
export interface FirstBytesOptions<Found> {
	/** How long the bytes may take to arrive, in milliseconds. */
	readonly timeoutMs: number;
	/** Looks at all bytes so far. Returns undefined when it needs more of them, and throws when they are wrong. */
	readonly look: (bytes: Buffer) => Finding<Found> | undefined;
	/** Takes over the connection. Bytes that were not used are unread again. */
	readonly decided: (socket: Socket, found: Found) => void;
	/** Called for wrong bytes, after the connection was cut. */
	readonly refused?: (socket: Socket, error: Error) => void;
}

/** Connections whose first bytes have not arrived yet. */
export class FirstBytes<Found> {
	readonly #options: FirstBytesOptions<Found>;
	readonly #overdue: Overdue<Socket>;

	constructor(options: FirstBytesOptions<Found>) {
		this.#options = options;
		this.#overdue = new Overdue(options.timeoutMs, (socket) => socket.destroy());
	}

	add(socket: Socket): void {
		const { look, decided, refused } = this.#options;
		// The bytes are held here while undecided: to unshift them and wait for "readable" again would spin for ever.
		let held: Buffer | undefined;
		const onReadable = (): void => {
			const bytes = readAll(socket);
			if (bytes === null) return;
			held = held === undefined ? bytes : Buffer.concat([held, bytes]);
			let finding: Finding<Found> | undefined;
			try {
				finding = look(held);
			} catch (error) {
				leave();
				socket.destroy();
				refused?.(socket, error as Error);
				return;
			}
			if (finding === undefined) return;
			leave();
			if (finding.used < held.length) socket.unshift(held.subarray(finding.used));
			decided(socket, finding.found);
		};
		const leave = (): void => {
			due.leave();
			socket.removeListener("readable", onReadable).removeListener("close", leave);
		};
		socket.on("readable", onReadable).on("close", leave);
		const due = this.#overdue.add(socket);
	}

	/** Cuts all connections. */
	destroy(): void {
		this.#overdue.expireAll();
	}

	/** Cuts all connections, and ends the timer. */
	close(): void {
		this.destroy();
		this.#overdue.close();
	}
}
