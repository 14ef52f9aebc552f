import type { Socket } from "node:net";
import type { PeerInfo } from "@allium/core";
import type { EarlyAnswers } from "../early-answers.ts";
import type { StandingLines } from "./answer-head.ts";
import { type Departure, isHeadAt, readStrictHead, type StrictHead } from "./strict-head.ts";
import { type BodyFlow, StrictRequest } from "./strict-request.ts";
import { type AnswerFlow, StrictResponse } from "./strict-response.ts";

/** The parts of a server that its connections share. */
export interface StrictHost {
	readonly lines: StandingLines;
	readonly early: EarlyAnswers;
	/** The most bytes of a head. */
	readonly headBytes: number;
	readonly headersTimeoutMs: number;
	readonly idleTimeoutMs: number;
	readonly pipelinedRequests: number;
	/** The next request of a connection begins. */
	arrived(connection: StrictConnection): void;
	/** A connection leaves the subset, and all earlier answers have been written. */
	depart(connection: StrictConnection, departing: Departing): void;
	/** A connection has ended. */
	ended(connection: StrictConnection): void;
}

/** The facts that are handed to Node together with a connection. */
export interface Departing {
	readonly reason: Departure;
	/** The bytes that Node reads: the head that left the subset, from its beginning, and all that followed. */
	readonly unread: Buffer;
	/** The time when the head began, as `performance.now()` tells it. */
	readonly since: number;
}

/** How many bytes wait on one connection until it is not read any more. */
const mostHeldBytes = 64 * 1024;

/** How much longer than it says a connection without a request is kept: a request may be on its way. In milliseconds. */
const idleGraceMs = 1_000;

/** How long a connection without a request remembers the last head, in milliseconds. */
const rememberMs = 5_000;

/** Ends a connection whose head took too long, as Node does. */
export function endOverdue(socket: Socket): void {
	if (socket.writable) socket.write("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
	socket.destroy();
}

/**
 * One connection of HTTP/1.1 as long as its heads keep to the strict subset. It reads requests, of which one at a time
 * is answered, and writes the answers.
 */
export class StrictConnection implements BodyFlow, AnswerFlow {
	readonly socket: Socket;
	readonly peer: PeerInfo;
	readonly isSecure: boolean;
	readonly #host: StrictHost;
	/** A head that is incomplete. Once a head has left the subset: it, and all that followed. */
	#unread: Buffer | undefined;
	#departure: Departure | undefined;
	/** The last head that was read. Clients that keep a connection often send the same one again. */
	#known: StrictHead | undefined;
	/** The request whose body arrives. */
	#receiving: StrictRequest | undefined;
	/** The answer to the request whose turn it is. */
	#answering: StrictResponse | undefined;
	/** Requests that arrived before earlier ones were answered. */
	#waiting: StrictRequest[] | undefined;
	/** The bytes of bodies that wait for their readers. */
	#held = 0;
	/** No further request is read: the client announced the end, or the last answer has left. */
	#isClosing = false;
	/** Whether no request was read yet. */
	#isFresh = true;
	/** Whether it was handed over. Then nothing here touches its socket. */
	#isGone = false;
	/** The answer that is flushed when this turn is over. */
	#flushing: StrictResponse | undefined;
	#hearsDrain = false;
	/** The time when the head began, or when a check first saw the connection idle; NaN until then. */
	#since = performance.now();

	/** Takes over a connection. Its bytes are unread. */
	constructor(socket: Socket, peer: PeerInfo, host: StrictHost) {
		this.socket = socket;
		this.peer = peer;
		this.#host = host;
		this.isSecure = "encrypted" in socket;
		socket.on("data", this.#onData).on("close", this.#onClose);
	}

	get lines(): StandingLines {
		return this.#host.lines;
	}

	get early(): EarlyAnswers {
		return this.#host.early;
	}

	/** Whether it waits for a request. */
	get isIdle(): boolean {
		return this.#answering === undefined && this.#receiving === undefined && this.#unread === undefined;
	}

	/** The response to the request whose turn it is; undefined when the connection has ended. */
	get current(): StrictResponse | undefined {
		return this.socket.destroyed ? undefined : this.#answering;
	}

	/** Ends the connection if the bytes that it waits for are overdue. */
	check(now: number): void {
		if (this.#answering !== undefined || this.#receiving !== undefined || this.#isClosing) return;
		const { headersTimeoutMs, idleTimeoutMs } = this.#host;
		if (Number.isNaN(this.#since)) this.#since = now;
		const waited = now - this.#since;
		if (this.#isFresh || this.#unread !== undefined) {
			if (waited >= headersTimeoutMs) endOverdue(this.socket);
		} else if (waited >= idleTimeoutMs + idleGraceMs) this.socket.destroy();
		else if (waited >= rememberMs) this.#known = undefined;
	}

	hold(bytes: number): void {
		this.#held += bytes;
		this.#regulate();
	}

	isFull(bytes: number): boolean {
		const { writableLength, writableHighWaterMark } = this.socket;
		return writableLength + bytes >= writableHighWaterMark;
	}

	send(...parts: readonly (string | Uint8Array)[]): boolean {
		const isTaken = this.#write(parts);
		if (!isTaken && !this.#hearsDrain) {
			this.#hearsDrain = true;
			this.socket.on("drain", this.#onDrain);
		}
		return isTaken;
	}

	sendLast(...parts: readonly (string | Uint8Array)[]): void {
		const { socket } = this;
		if (this.isSecure) {
			// Node reports writes over TLS later in any case.
			this.#write(parts, this.#onSent);
			return;
		}
		this.#write(parts);
		if (socket.destroyed || socket.errored !== null) return;
		// Most answers have left by now. A callback for each of them would cost more than the question does.
		if (socket.writableLength === 0) this.#sent();
		else socket.write("", "latin1", this.#onSent);
	}

	flushSoon(): void {
		if (this.#flushing === undefined) process.nextTick(this.#flush);
		this.#flushing = this.#answering;
	}

	cut(): void {
		this.socket.destroy();
	}

	readonly #onData = (chunk: Buffer): void => {
		const unread = this.#unread;
		if (unread === undefined) this.#read(chunk);
		else {
			this.#unread = undefined;
			this.#read(Buffer.concat([unread, chunk]), true);
		}
	};

	/** @param continues whether a head began before. */
	#read(bytes: Buffer, continues = false): void {
		let at = 0;
		while (at < bytes.length) {
			const before = at;
			if (this.#receiving !== undefined) at = this.#receiveBody(this.#receiving, bytes, at);
			else if (this.#isClosing) return;
			else if (this.#departure === undefined) at = this.#readHead(bytes, at);
			if (at === before) break;
		}
		if (at === bytes.length) return;
		this.#unread = at === 0 ? bytes : bytes.subarray(at);
		if (at > 0 || !continues) this.#since = performance.now();
		if (this.#departure !== undefined) this.#departWhenAnswered(this.#departure);
	}

	#receiveBody(request: StrictRequest, bytes: Buffer, from: number): number {
		const end = request.receive(bytes, from);
		if (request.hasArrived) this.#receiving = undefined;
		return end;
	}

	/** Returns where the head ends. Without a whole head, that is where it begins. */
	#readHead(bytes: Buffer, from: number): number {
		const known = this.#known;
		const isKnown = known !== undefined && isHeadAt(known, bytes, from);
		const head = isKnown ? known : readStrictHead(bytes, from, this.#host.headBytes);
		if (head === undefined) return from;
		if (typeof head === "string") {
			this.#departure = head;
			return from;
		}
		this.#known = head;
		const request = new StrictRequest(head, this.peer, this);
		this.#isFresh = false;
		this.#isClosing = head.closes;
		if (head.contentLength > 0) this.#receiving = request;
		if (this.#answering === undefined) this.#begin(request);
		else this.#wait(request);
		return from + head.text.length;
	}

	#begin(request: StrictRequest): void {
		this.#answering = new StrictResponse(request, this);
		this.#host.arrived(this);
	}

	#wait(request: StrictRequest): void {
		this.#waiting ??= [];
		if (this.#waiting.push(request) <= this.#host.pipelinedRequests) return;
		this.#isClosing = true;
		this.socket.destroy();
	}

	readonly #onSent = (error?: Error | null): void => {
		// A connection that broke tells its end to all that wait for it.
		if (!error) this.#sent();
	};

	/** The last part of the answer has left. */
	#sent(): void {
		const response = this.#answering;
		if (response === undefined) return;
		this.#answering = undefined;
		const { request, isLast } = response;
		if (isLast) {
			this.#isClosing = true;
			this.#waiting = undefined;
			this.socket.destroySoon();
		}
		response.closed(true);
		if (!request.isComplete) this.#host.early.answered(request);
		else if (request.isHeld) request.discard();
		if (!isLast) this.#next();
	}

	#next(): void {
		const request = this.#waiting?.shift();
		if (request !== undefined) this.#begin(request);
		else if (this.#departure !== undefined) this.#departWhenAnswered(this.#departure);
		// To ask the clock after every answer would cost more than to see later that nothing came.
		else if (this.#unread === undefined) this.#since = Number.NaN;
	}

	/** Gives the connection to Node, unless an earlier answer has not been written yet. */
	#departWhenAnswered(reason: Departure): void {
		if (this.#answering !== undefined || this.#unread === undefined || this.socket.destroyed) {
			this.#regulate();
			return;
		}
		const unread = this.#unread;
		this.#isGone = true;
		this.socket
			.removeListener("data", this.#onData)
			.removeListener("close", this.#onClose)
			.removeListener("drain", this.#onDrain);
		this.#host.depart(this, { reason, unread, since: this.#since });
	}

	#write(parts: readonly (string | Uint8Array)[], onSent?: (error?: Error | null) => void): boolean {
		const { socket } = this;
		const last = parts.at(-1) ?? "";
		if (parts.length === 1) return socket.write(last, "latin1", onSent);
		socket.cork();
		for (const part of parts.slice(0, -1)) socket.write(part, "latin1");
		const isTaken = socket.write(last, "latin1", onSent);
		socket.uncork();
		return isTaken;
	}

	/** Stops reading while too much waits, and reads on when that is over. */
	#regulate(): void {
		if (this.#isGone) return;
		const unread = this.#departure === undefined ? 0 : (this.#unread?.length ?? 0);
		const isFull = this.#held + unread >= mostHeldBytes;
		if (isFull === this.socket.isPaused()) return;
		if (isFull) this.socket.pause();
		else this.socket.resume();
	}

	readonly #onDrain = (): void => this.#answering?.drained();

	readonly #flush = (): void => {
		const flushing = this.#flushing;
		this.#flushing = undefined;
		flushing?.flush();
	};

	readonly #onClose = (): void => {
		this.#host.ended(this);
		this.#isGone = true;
		const answering = this.#answering;
		const receiving = this.#receiving;
		this.#answering = undefined;
		this.#receiving = undefined;
		this.#unread = undefined;
		this.#waiting = undefined;
		answering?.request.broken();
		receiving?.broken();
		answering?.closed(false);
	};
}
