import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Requests of HTTP/1.1 that arrived before earlier requests were answered. Each begins when the answer before it has
 * been sent. So a connection holds one answer at most, even if its client sends many requests and reads nothing.
 */
export class PipelinedRequests {
	readonly #most: number;
	readonly #waiting = new WeakMap<Socket, number>();

	/** @param most how many requests may wait on one connection. One more ends it. */
	constructor(most: number) {
		this.#most = most;
	}

	/** Makes a request wait for its turn. It is forgotten when the connection ends. */
	add(response: ServerResponse, begin: (response: ServerResponse) => void): void {
		const { socket } = response.req;
		this.#count(socket, 1);
		// Node gives a response its connection when the connection is free.
		response.once("socket", () => {
			this.#count(socket, -1);
			begin(response);
		});
	}

	#count(socket: Socket, change: 1 | -1): void {
		const waiting = (this.#waiting.get(socket) ?? 0) + change;
		this.#waiting.set(socket, waiting);
		if (waiting > this.#most) socket.destroy();
	}
}
