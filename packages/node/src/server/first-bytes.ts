import type { Socket } from "node:net";
import { readAll } from "../platform/read-all.ts";
import { Overdue } from "./overdue.ts";

/** What the first bytes of a connection said, and how many of them are not for who reads on. */
export interface Finding<Found> {
	readonly found: Found;
	readonly used: number;
}

/** What reads the first bytes of connections. */
export interface FirstBytesOptions<Found> {
	/** How long the bytes may take, in milliseconds. */
	readonly timeoutMs: number;
	/** Looks at all bytes so far; undefined when it takes more to know. Throws when they are wrong. */
	readonly look: (bytes: Buffer) => Finding<Found> | undefined;
	/** Takes the connection over, what was not used still unread. */
	readonly decided: (socket: Socket, found: Found) => void;
	/** Told of bytes that are wrong, after the connection was cut. */
	readonly refused?: (socket: Socket, error: Error) => void;
}

/** Connections of which the first bytes have yet to tell something. */
export class FirstBytes<Found> {
	readonly #options: FirstBytesOptions<Found>;
	readonly #overdue: Overdue<Socket>;

	constructor(options: FirstBytesOptions<Found>) {
		this.#options = options;
		this.#overdue = new Overdue(options.timeoutMs, (socket) => socket.destroy());
	}

	add(socket: Socket): void {
		const { look, decided, refused } = this.#options;
		// Held here while undecided: unshifting and waiting for "readable" again would spin for ever.
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
