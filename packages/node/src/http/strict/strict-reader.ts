import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import { every, type Timer } from "@allium/core/transport";
import type { ServerLimits } from "../../server/limits.ts";
import { Arrivals } from "../arrivals.ts";
import type { EarlyAnswers } from "../early-answers.ts";
import type { HttpResponse } from "../http-response.ts";
import { Http1Reader } from "../http1-reader.ts";
import type { UnsettledRequest } from "../request-target.ts";
import { HandOver } from "./hand-over.ts";
import { DatedLines } from "./standing-lines.ts";
import { type Departing, StrictConnection, type StrictHost } from "./strict-connection.ts";

/** The longest time between two checks of timeouts, and between two readings of the clock for `Date`, in milliseconds. */
const longestCheckMs = 1_000;

/**
 * Reads requests of HTTP/1.1 from given connections: by itself as long as they keep to the strict subset, and by Node's
 * parser from the first head on that does not.
 */
export class StrictReader implements StrictHost {
	readonly lines: DatedLines;
	readonly early: EarlyAnswers;
	readonly headBytes: number;
	readonly headersTimeoutMs: number;
	readonly idleTimeoutMs: number;
	readonly pipelinedRequests: number;
	readonly #take: (request: UnsettledRequest, response: HttpResponse) => void;
	readonly #connections = new Set<StrictConnection>();
	/** The connections whose next request this turn of the event loop has read. */
	readonly #arrivals: Arrivals<StrictConnection>;
	readonly #node: Http1Reader;
	readonly #handOver: HandOver;
	readonly #timer: Timer;

	/** @param take takes up a request. */
	constructor(
		limits: ServerLimits,
		early: EarlyAnswers,
		take: (request: UnsettledRequest, response: HttpResponse) => void,
	) {
		const { headersTimeoutMs, idleTimeoutMs } = limits;
		this.lines = new DatedLines(idleTimeoutMs);
		this.early = early;
		// Node counts a head in another way, so there is a wide margin.
		this.headBytes = Math.floor(limits.headerBytes / 2);
		this.headersTimeoutMs = headersTimeoutMs;
		this.idleTimeoutMs = idleTimeoutMs;
		this.pipelinedRequests = limits.pipelinedRequests;
		this.#take = take;
		this.#arrivals = new Arrivals((connection) => this.#takeUp(connection));
		this.#node = new Http1Reader(limits, early, take, (socket) => this.#handOver.headRead(socket));
		this.#handOver = new HandOver(this.#node, headersTimeoutMs);
		this.#timer = every(Math.max(1, Math.min(longestCheckMs, headersTimeoutMs, idleTimeoutMs)), this.#check);
	}

	/** Takes over a connection. Its bytes are unread. */
	accept(socket: Socket, peer: PeerInfo): void {
		this.#connections.add(new StrictConnection(socket, peer, this));
	}

	/** Closes the connections that wait for a request. */
	closeIdle(): void {
		for (const connection of this.#connections) if (connection.isIdle) connection.cut();
		this.#node.closeIdle();
	}

	/** Ends the timers. The owner of the connections ends them. */
	close(): void {
		this.#timer.stop();
		this.#node.close();
	}

	arrived(connection: StrictConnection): void {
		this.#arrivals.add(connection);
	}

	depart(connection: StrictConnection, departing: Departing): void {
		this.#connections.delete(connection);
		this.#handOver.give(connection.socket, connection.peer, departing);
	}

	ended(connection: StrictConnection): void {
		this.#connections.delete(connection);
	}

	/**
	 * Takes up a request after this turn of the event loop has read all bytes that are there. By then a body that
	 * came with its head is complete, and the requests of other connections are worked on together.
	 */
	#takeUp(connection: StrictConnection): void {
		const response = connection.current;
		if (response !== undefined) this.#take(response.request, response);
	}

	readonly #check = (): void => {
		this.lines.tick();
		const now = performance.now();
		for (const connection of this.#connections) connection.check(now);
		this.#handOver.check(now);
	};
}
