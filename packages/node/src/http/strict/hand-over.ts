import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import type { Http1Reader } from "../http1-reader.ts";
import { HandOverMetrics } from "./hand-over-metrics.ts";
import { type Departing, endOverdue } from "./strict-connection.ts";

/**
 * Gives connections to Node's server, whose parser judges the bytes that are outside of the strict subset. Other ways
 * of doing this had three faults: later bytes overtook unread ones, a second answer left before the first, and a timer
 * that was left behind cut a slow upload. Therefore the old owner has removed its listeners and has no timers, all
 * earlier answers have been written, and everything here happens in one turn.
 */
export class HandOver {
	readonly #node: Http1Reader;
	readonly #headersTimeoutMs: number;
	readonly #metrics = new HandOverMetrics();
	/** Connections that were handed over with a part of a head, and the time when that head began. */
	readonly #heads = new Map<Socket, number>();

	constructor(node: Http1Reader, headersTimeoutMs: number) {
		this.#node = node;
		this.#headersTimeoutMs = headersTimeoutMs;
	}

	/** Gives a connection to Node. */
	give(socket: Socket, peer: PeerInfo, { reason, unread, since }: Departing): void {
		this.#metrics.count(reason);
		// Node begins its own time for the head now; the head keeps the time that it has.
		this.#heads.set(socket, since);
		socket.unshift(unread);
		this.#node.accept(socket, peer);
		socket.resume();
	}

	/** Node has read the head of a request. */
	headRead(socket: Socket): void {
		if (this.#heads.size > 0) this.#heads.delete(socket);
	}

	/** Ends the connections whose head takes too long. */
	check(now: number): void {
		for (const [socket, since] of this.#heads) {
			const isOverdue = now - since >= this.#headersTimeoutMs;
			if (!isOverdue && !socket.destroyed) continue;
			this.#heads.delete(socket);
			if (isOverdue) endOverdue(socket);
		}
	}
}
