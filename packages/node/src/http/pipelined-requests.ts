import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";

/**
 * Requests of HTTP/1.1 that came before those ahead of them were answered. Node does not tell their responses
 * when the connection is gone, so this does.
 */
export class PipelinedRequests {
	readonly #most: number;
	readonly #waiting = new WeakMap<Socket, Set<Exchange>>();
	readonly #sockets = new WeakMap<Exchange, Socket>();
	#count = 0;

	/** @param most how many may wait on one connection; one more ends it. */
	constructor(most: number) {
		this.#most = most;
	}

	add(exchange: Exchange, socket: Socket): void {
		let waiting = this.#waiting.get(socket);
		if (waiting === undefined) {
			const exchanges = new Set<Exchange>();
			waiting = exchanges;
			this.#waiting.set(socket, exchanges);
			socket.once("close", () => {
				for (const each of exchanges) each.disconnected();
			});
		}
		waiting.add(exchange);
		this.#count++;
		this.#sockets.set(exchange, socket);
		if (waiting.size > this.#most) socket.destroy();
	}

	delete(exchange: Exchange): void {
		if (this.#count === 0) return;
		const socket = this.#sockets.get(exchange);
		if (socket === undefined) return;
		this.#count--;
		this.#waiting.get(socket)?.delete(exchange);
	}
}
