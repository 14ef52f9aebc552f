import type { PeerInfo } from "../context/context.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { type ByteHandling, type Pipe, type PipeHandler, standardBytes } from "../transport/pipe.ts";
import { Assembly } from "./assembly.ts";
import { ConnectionStreams } from "./connection-streams.ts";
import { type BatchOwner, FrameBatch } from "./frame-batch.ts";
import { defaultFrameLimits, type FrameLimits } from "./frame-limits.ts";
import { KeepAlive } from "./keep-alive.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { SendQueue } from "./send-queue.ts";
import type { StreamHandler } from "./stream-handler.ts";
import { Flag, FrameType, ProtocolError } from "./wire/frame.ts";
import { FrameReader } from "./wire/frame-reader.ts";
import { beginGoaway, type Goaway, GoawayCode, readGoaway } from "./wire/goaway-frame.ts";
import { readFragmentLength } from "./wire/message-frame.ts";
import { beginPing, beginPong } from "./wire/ping-frame.ts";
import { jsonOnly, type RemoteSettings, readSettings, writeSettings } from "./wire/settings-frame.ts";
import { beginWindow, readWindow } from "./wire/window-frame.ts";

/** The behaviour in which the two sides of a connection differ. */
export interface ConnectionRole {
	/** The formats that this side reads, as SETTINGS has them. */
	readonly formats: number;
	/** A REQUEST for a new stream arrived. */
	onRequest(id: number, flags: number, bytes: Uint8Array, start: number, end: number): void;
	/** Both SETTINGS are known: calls may begin. */
	onReady(): void;
	/** The other side takes no further streams. */
	onGoaway(goaway: Goaway): void;
	/** There was no call for a long while. Without this, the connection stays. */
	readonly onIdle?: (() => void) | undefined;
	/** A call ran out of time, and the other side does not answer. Without this, no PING is sent for such calls. */
	readonly onSilent?: (() => void) | undefined;
	/** The connection is gone; every stream was told before. */
	onClosed(error: ServiceError): void;
}

/**
 * The state machine of one connection: preface, SETTINGS, frames to their streams, and an orderly or sudden end.
 * It knows nothing of sockets; a {@link Pipe} carries it. Its parts each own what they are named for: the
 * {@link ConnectionStreams}, the {@link SendQueue} of messages, the {@link FrameBatch} that goes out at the end of a turn,
 * the {@link Assembly} of messages that are not whole yet.
 */
export class Connection implements PipeHandler, BatchOwner {
	readonly limits: FrameLimits;
	/** The process at the other end. */
	readonly peer: PeerInfo;
	readonly bytes: ByteHandling;
	readonly batch: FrameBatch;
	readonly queue: SendQueue;
	readonly streams: ConnectionStreams = new ConnectionStreams();
	readonly assembly: Assembly;
	readonly #pipe: Pipe;
	readonly #role: ConnectionRole;
	readonly #reader: FrameReader;
	readonly #keepAlive: KeepAlive;
	readonly #window: ReceiveWindow;
	/** The settings that the other side announced. They are known once the connection is ready. */
	remote: RemoteSettings = unannounced;
	/** Why the connection has ended, once it has. */
	closedBy: ServiceError | undefined;
	/** The last stream that this side took from the other; GOAWAY names it. */
	#lastAccepted = 0;
	#endsWhenIdle = false;

	constructor(pipe: Pipe, role: ConnectionRole, limits: Partial<FrameLimits> = {}) {
		this.#pipe = pipe;
		this.#role = role;
		this.limits = { ...defaultFrameLimits, ...limits };
		this.peer = pipe.peer;
		this.bytes = pipe.bytes ?? standardBytes;
		this.assembly = new Assembly(this.limits);
		this.#window = new ReceiveWindow(this.limits.connectionWindowBytes);
		const { sendQueueBytes } = this.limits;
		this.batch = new FrameBatch(pipe, this.bytes, sendQueueBytes, this);
		this.queue = new SendQueue(this.batch, sendQueueBytes);
		this.#reader = new FrameReader(this.bytes, this.#onFrame.bind(this));
		this.#keepAlive = new KeepAlive(this.limits, {
			busy: () => this.streams.size > 0,
			ping: () => this.#ping(),
			lost: (message) => this.destroy(message),
			idle: role.onIdle,
			leave: role.onSilent,
		});
	}

	/** Sends the preface and SETTINGS and begins to read. */
	start(): void {
		this.#pipe.start(this);
		this.batch.writer.preface();
		writeSettings(this.batch.writer, this.limits, this.#role.formats);
		this.batch.finishControl();
		this.#keepAlive.awaitHandshake();
	}

	// ---- streams

	/** Takes in a stream. Its handler is told of everything that concerns it until it is removed. */
	add(handler: StreamHandler): void {
		this.streams.add(handler);
		this.#keepAlive.begin();
	}

	remove(id: number): void {
		if (this.streams.remove(id) && this.#endsWhenIdle && this.streams.size === 0) this.#finish();
	}

	/**
	 * Takes in the number of a stream that the other side began.
	 *
	 * @throws ProtocolError when it was used before.
	 */
	accept(id: number): void {
		if (id <= this.#lastAccepted) throw new ProtocolError(`stream ${id} was used before`);
		this.#lastAccepted = id;
	}

	// ---- flow control

	/**
	 * Bytes of a message arrived.
	 *
	 * @throws ProtocolError when they are more than the window allows.
	 */
	received(bytes: number): void {
		if (!this.#window.take(bytes)) throw new ProtocolError("more bytes than the connection's window allows");
	}

	/** Bytes of messages were consumed: the other side may send as many again. */
	credit(bytes: number): void {
		const credit = this.#window.consume(bytes);
		if (credit > 0) this.sendCredit(0, credit);
	}

	/** Returns credit to the other side, on a stream or, for stream 0, on the connection. */
	sendCredit(stream: number, bytes: number): void {
		if (this.closedBy !== undefined) return;
		beginWindow(this.batch.writer, stream, bytes);
		this.batch.finishControl();
	}

	// ---- the end

	/** A call ran out of time: finds out whether the other side is there at all. */
	suspect(): void {
		if (this.closedBy === undefined) this.#keepAlive.suspect();
	}

	/** Tells the other side that no streams after those taken will be served. */
	goaway(code: number, message: string): void {
		if (this.closedBy !== undefined) return;
		beginGoaway(this.batch.writer, this.#lastAccepted, code, message);
		this.batch.finishControl();
	}

	/** Ends in order when the last stream is done. One side has told the other that it begins no more streams. */
	endWhenIdle(): void {
		this.#endsWhenIdle = true;
		if (this.streams.size === 0) this.#finish();
	}

	/** Ends at once: every stream is told, and nothing is left. */
	destroy(message: string): void {
		this.#close(lost(message));
		this.#pipe.destroy();
	}

	// ---- the pipe

	data(bytes: Uint8Array): void {
		if (this.closedBy !== undefined) return;
		this.#keepAlive.heard();
		try {
			this.#reader.push(bytes);
		} catch (error) {
			this.#violated(error as Error);
		}
	}

	drain(): void {
		this.batch.drained();
		this.queue.proceed();
	}

	closed(error?: Error): void {
		this.#close(
			lost(error === undefined ? "the connection was closed" : `connection lost: ${error.message}`),
		);
	}

	// ---- inside

	#onFrame(type: number, flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
		if (this.closedBy !== undefined) return;
		if (this.remote === unannounced) this.#onFirst(type, bytes, start, end);
		else if (type === FrameType.message) this.#onMessage(flags, id, bytes, start, end);
		else if (type === FrameType.request) this.#role.onRequest(id, flags, bytes, start, end);
		else if (type === FrameType.window) this.#onWindow(id, readWindow(bytes, start, end));
		else if (type === FrameType.ping) this.#onPing(bytes, start, end);
		else if (type === FrameType.goaway) this.#onGoaway(bytes, start, end);
		else if (type === FrameType.settings) throw new ProtocolError("SETTINGS came twice");
		else if (type < FrameType.window) this.streams.get(id)?.onFrame(type, flags, bytes, start, end);
		else if (type > FrameType.goaway && (flags & Flag.critical) !== 0) {
			throw new ProtocolError(`a critical frame of type ${type} is not known here`);
		}
	}

	/** SETTINGS have arrived: the limits of the other side are known, and calls may begin. */
	#onFirst(type: number, bytes: Uint8Array, start: number, end: number): void {
		if (type !== FrameType.settings) throw new ProtocolError("SETTINGS has to be the first frame");
		const remote = readSettings(bytes.subarray(start, end));
		this.remote = remote;
		this.streams.limit(remote.maxStreams);
		this.queue.open(remote);
		this.#keepAlive.handshaken();
		this.#keepAlive.rest();
		this.#role.onReady();
	}

	#onMessage(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
		const length = readFragmentLength(start, end);
		this.received(length);
		const handler = this.streams.get(id);
		// A late frame of a closed stream: nobody wants it, but its bytes count.
		if (handler === undefined) this.credit(length);
		else if (!handler.stream.received(length))
			throw new ProtocolError("more bytes than the stream's window allows");
		else handler.onMessage(bytes, start, end, (flags & Flag.more) !== 0, (flags & Flag.end) !== 0);
	}

	#onWindow(id: number, credit: number): void {
		if (id === 0) this.queue.extend(credit);
		else this.streams.get(id)?.stream.extend(credit);
	}

	#ping(): void {
		beginPing(this.batch.writer);
		this.batch.finishControl();
	}

	#onPing(bytes: Uint8Array, start: number, end: number): void {
		beginPong(this.batch.writer, bytes, start, end);
		this.batch.finishControl();
	}

	#onGoaway(bytes: Uint8Array, start: number, end: number): void {
		const goaway = readGoaway(bytes, start, end, this.bytes);
		this.streams.refuseAfter(goaway.lastStream, () => notAccepted(goaway.message));
		this.#role.onGoaway(goaway);
	}

	#violated(error: Error): void {
		if (!(error instanceof ProtocolError)) throw error;
		this.goaway(GoawayCode.protocolError, error.message);
		this.batch.flush();
		this.#close(lost(`the other side broke the protocol: ${error.message}`));
		this.#pipe.end();
	}

	#finish(): void {
		if (this.closedBy !== undefined) return;
		this.batch.flush();
		this.#close(lost("the connection was closed"));
		this.#pipe.end();
	}

	#close(error: ServiceError): void {
		if (this.closedBy !== undefined) return;
		this.closedBy = error;
		this.#keepAlive.stop();
		this.batch.close();
		this.queue.close();
		this.streams.close(error);
		this.#role.onClosed(error);
	}
}

/** The settings that are assumed until SETTINGS have come. No stream begins before that. */
const unannounced: RemoteSettings = { ...defaultFrameLimits, formats: jsonOnly };

function lost(message: string): ServiceError {
	return new ServiceError({ code: "unavailable", message });
}

/** The error of a stream that the other side never took. */
function notAccepted(message: string): ServiceError {
	return serviceErrorFrom(
		{ code: "unavailable", message: `not accepted: ${message}` },
		{ notExecuted: true },
	);
}
