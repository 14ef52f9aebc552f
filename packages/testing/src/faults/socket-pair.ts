import type { Socket } from "node:net";
import type { Direction, Faults } from "./fault-rule.ts";
import { FaultyFlow } from "./faulty-flow.ts";

/** How a connection ends: as when a process ends (FIN), or as when a host forgets it (RST). */
export type Cut = "end" | "reset";

/** The options of a pair. */
export interface SocketPairOptions {
	/** The connection of the client. It must allow half-open connections, and be paused. */
	readonly client: Socket;
	/** Connects to the server. */
	readonly dial: () => Socket;
	/** The faults that apply now in a direction. `luck`, from 0 to 1, decides the random part of delays. */
	readonly faults: (direction: Direction, luck: number) => Faults;
	/** Called with the number of bytes that were passed on. */
	readonly onPassed: (direction: Direction, bytes: number) => void;
}

/** The two sockets of one connection through the proxy, and the flows between them. */
export class SocketPair {
	readonly #options: SocketPairOptions;
	readonly #client: Socket;
	#server: Socket | undefined;
	#flows: FaultyFlow[] = [];
	/** Whether one side no longer learns what happens to the other. */
	#isApart = false;
	readonly #closed = Promise.withResolvers<void>();

	constructor(options: SocketPairOptions) {
		this.#options = options;
		this.#client = options.client;
		this.#own(this.#client);
		this.changed();
	}

	/** Resolves when both sockets are closed. */
	get closed(): Promise<void> {
		return this.#closed.promise;
	}

	/** Applies rules that were added or removed. */
	changed(): void {
		if (this.#server === undefined) this.#begin();
		for (const flow of this.#flows) flow.pump();
	}

	/** Ends both sides, or one of them while the other believes that the connection is up. */
	cut(how: Cut, side: "both" | "client" | "server"): void {
		this.#isApart = true;
		for (const flow of this.#flows) flow.silence();
		const sockets = { client: [this.#client], server: [this.#server], both: [this.#client, this.#server] };
		for (const socket of sockets[side]) {
			if (how === "end") socket?.destroy();
			else socket?.resetAndDestroy();
		}
	}

	/** Connects to the server, unless bytes cannot get there. */
	#begin(): void {
		if (this.#isApart || this.#client.destroyed) return;
		const { faults, dial, onPassed } = this.#options;
		const ways = [faults("upstream", 0), faults("downstream", 0)];
		if (ways.some(({ drops }) => drops)) {
			this.#isApart = true;
			this.#client.resume();
			return;
		}
		if (ways.some(({ stalls }) => stalls)) return;
		const server = dial();
		this.#server = server;
		this.#own(server);
		const flow = (direction: Direction, source: Socket, sink: Socket): FaultyFlow =>
			new FaultyFlow(source, sink, {
				faults: (luck) => faults(direction, luck),
				onPassed: (bytes) => onPassed(direction, bytes),
			});
		this.#flows = [flow("upstream", this.#client, server), flow("downstream", server, this.#client)];
	}

	#own(socket: Socket): void {
		socket.setNoDelay(true);
		// "close" follows.
		socket.on("error", () => {});
		socket.on("close", (hasFailed) => this.#onClose(socket, hasFailed));
	}

	#onClose(socket: Socket, hasFailed: boolean): void {
		const other = socket === this.#client ? this.#server : this.#client;
		const isTold = !this.#isApart && !this.#flows.some(({ isSilent }) => isSilent);
		// A regular end was passed on behind the bytes before it.
		if (hasFailed && isTold) other?.resetAndDestroy();
		if (!this.#client.destroyed || this.#server?.destroyed === false) return;
		for (const flow of this.#flows) flow.stop();
		this.#closed.resolve();
	}
}
