import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { type ByteHandling, type Pipe, type PipeHandler, standardBytes } from "../transport/pipe.ts";
import { Assembly } from "./assembly.ts";
import { FragmentQueue, type Fragments } from "./fragment-queue.ts";
import { Flag, FrameType, maxFragmentBytes, ProtocolError } from "./frame.ts";
import { FrameReader, readU32 } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { HeldReplies } from "./held-replies.ts";
import { KeepAlive } from "./keep-alive.ts";
import { ResetCount } from "./reset-count.ts";
import {
	decodeSettings,
	defaultFrameLimits,
	encodeSettings,
	type FrameLimits,
	type RemoteLimits,
} from "./settings.ts";
import type { StreamHandler } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

/** Answers to pings and the like that may wait behind a pipe that takes nothing, before it is given up. */
const maxBlockedControlBytes = 1024 * 1024;

/**
 * How much gathers in one turn of the loop before it goes out, in heads of calls and in bytes: then the other side
 * works on a part while this one makes the next. Fewer cost more writes, more leave the other side idle.
 */
const batchHeads = 32;
const batchBytes = 64 * 1024;

/** The codes of GOAWAY. */
export const GoawayCode = { draining: 0, protocolError: 1, idle: 2 } as const;

/** What the two sides of a connection do differently. */
export interface ConnectionRole {
	/** A REQUEST for a new stream arrived. */
	onRequest(id: number, flags: number, bytes: Uint8Array, start: number, end: number): void;
	/** Both SETTINGS are known: calls may begin. */
	onReady(): void;
	/** The other side takes no streams after `lastStream`. */
	onGoaway(lastStream: number, message: string): void;
	/** There was no call for a long while. Without it, the connection stays. */
	readonly onIdle?: (() => void) | undefined;
	/** A call ran out of time, and the other side does not answer. Without it, nobody asks. */
	readonly onSilent?: (() => void) | undefined;
	/** The connection is gone; every stream was told before. */
	onClosed(error: ServiceError): void;
}

/**
 * The state machine of one connection: preface, SETTINGS, streams with their windows, fair sending in
 * fragments, pings, and an orderly or sudden end. It knows nothing of sockets; a {@link Pipe} carries it.
 */
export class Connection implements PipeHandler {
	readonly limits: FrameLimits;
	readonly bytes: ByteHandling;
	readonly pipe: Pipe;
	remote: RemoteLimits = defaultFrameLimits;
	/** The last stream that this side took from the other; GOAWAY names it. */
	lastAccepted = 0;
	/** The messages that are not whole yet. */
	readonly assembly: Assembly;
	/** Replies that are ready, but have to wait. */
	readonly heldReplies: HeldReplies;
	/** Handlers that run, though their callers may have cancelled them. */
	running = 0;
	/** Why it is closed, once it is. */
	closedBy: ServiceError | undefined;
	readonly #role: ConnectionRole;
	readonly #writer: FrameWriter;
	readonly #reader: FrameReader;
	readonly #keepAlive: KeepAlive;
	readonly #cancels: ResetCount;
	readonly #streams = new StreamTable<StreamHandler>();
	readonly #deadlines = new Deadlines(() => this.#streams.values());
	readonly #fragments = new FragmentQueue();
	/** Senders that wait for room in the send queue. */
	readonly #waitingToSend = new Set<() => void>();
	/** Calls that wait for another to end, as the other side takes no more at once. */
	readonly #waitingToOpen = new Set<() => void>();
	#sendWindow = 0;
	#receiveWindow: number;
	#unreturned = 0;
	#settled = false;
	#flushScheduled = false;
	/** Heads of calls, requests or replies, that have gathered. */
	#heads = 0;
	#blocked = false;
	#ending = false;

	constructor(pipe: Pipe, role: ConnectionRole, limits: Partial<FrameLimits> = {}) {
		this.pipe = pipe;
		this.limits = { ...defaultFrameLimits, ...limits };
		this.bytes = pipe.bytes ?? standardBytes;
		this.assembly = new Assembly(this.limits);
		this.heldReplies = new HeldReplies(this.limits.maxHeldReplyBytes);
		this.#cancels = new ResetCount(this.limits.maxCancels);
		this.#role = role;
		this.#receiveWindow = this.limits.connectionWindowBytes;
		this.#writer = new FrameWriter(this.bytes);
		this.#reader = new FrameReader(this.bytes, (type, flags, stream, bytes, start, end) =>
			this.#onFrame(type, flags, stream, bytes, start, end),
		);
		this.#keepAlive = new KeepAlive(this.limits, {
			busy: () => this.#streams.size > 0,
			ping: () => this.writeControl(FrameType.ping, 0, new Uint8Array(8)),
			lost: (message) => this.destroy(message),
			idle: role.onIdle,
			leave: role.onSilent,
		});
	}

	/** Sends the preface and SETTINGS and begins to read. */
	start(): void {
		this.pipe.start(this);
		this.#writer.preface();
		this.#writer.frame(FrameType.settings, 0, 0, encodeSettings(this.limits));
		this.#scheduleFlush(true);
		this.#keepAlive.awaitHandshake();
	}

	// ---- streams

	get streamCount(): number {
		return this.#streams.size;
	}

	/** Takes in a stream. Its handler is told of everything that concerns it until it is removed. */
	add(handler: StreamHandler): void {
		this.#streams.add(handler);
		this.#deadlines.watch(handler.deadline);
		this.#keepAlive.begin();
	}

	remove(id: number): void {
		if (!this.#streams.delete(id)) return;
		this.wakeNext();
		if (this.#ending && this.#streams.size === 0) this.#finish();
	}

	/** Ends in order when the last stream is done. The other side was told, or told us, not to begin more. */
	endWhenIdle(): void {
		this.#ending = true;
		if (this.#streams.size === 0) this.#finish();
	}

	// ---- sending

	get sendWindow(): number {
		return this.#sendWindow;
	}

	/** Whether the send queue takes more messages now. */
	get writable(): boolean {
		return this.#writer.pending < this.limits.sendQueueBytes && this.closedBy === undefined;
	}

	/** Whether a message can go out at once, in one piece. */
	fits(text: string): boolean {
		const room = this.room(text);
		return room <= maxFragmentBytes && room <= this.#sendWindow && this.writable;
	}

	/** What a text takes at most, in bytes; exact only where that decides whether it is one fragment. */
	room(text: string): number {
		const most = text.length * 3;
		return most <= maxFragmentBytes || text.length > maxFragmentBytes ? most : this.bytes.byteLength(text);
	}

	/** Calls back when the send queue may take more, or the connection has ended. Returns what gives up waiting. */
	waitToSend(resume: () => void): () => void {
		this.#waitingToSend.add(resume);
		return () => this.#waitingToSend.delete(resume);
	}

	/** Resolves when the send queue may take more, or the connection has ended. */
	whenWritable(): Promise<void> {
		if (this.closedBy !== undefined) return Promise.resolve();
		return new Promise((resolve) => this.waitToSend(resolve));
	}

	/** Whether the other side takes another stream now. */
	get open(): boolean {
		return this.#streams.size < this.remote.maxStreams;
	}

	/** Calls back when the other side may take another stream, or the connection has ended. Returns what gives up waiting. */
	waitToOpen(resume: () => void): () => void {
		this.#waitingToOpen.add(resume);
		return () => {
			// Whoever gives up its turn passes it on.
			if (!this.#waitingToOpen.delete(resume)) this.wakeNext();
		};
	}

	/** Lets the call go on that has waited longest. */
	wakeNext(): void {
		for (const resume of this.#waitingToOpen) {
			this.#waitingToOpen.delete(resume);
			resume();
			return;
		}
	}

	encode(text: string): Uint8Array {
		const bytes = this.bytes.allocate(text.length * 3);
		return bytes.subarray(0, this.bytes.writeText(bytes, text, 0));
	}

	/** Begins a frame with the head of a call; `finishHead` ends it. */
	head(type: number, flags: number, stream: number, room: number): FrameWriter {
		this.#writer.begin(type, flags, stream, room);
		return this.#writer;
	}

	/** Ends the head of a call, with a message behind it that `fits`. Returns the message's bytes. */
	finishHead(text: string | undefined): number {
		const written = text === undefined ? 0 : this.#writer.text(text);
		this.#writer.finish();
		this.#sendWindow -= written;
		this.#heads++;
		this.#scheduleFlush(this.#streams.size <= 1);
		return written;
	}

	/** Writes a whole message that `fits`. Returns its bytes. */
	writeMessage(stream: number, flags: number, text: string): number {
		this.#writer.begin(FrameType.message, flags, stream, this.room(text));
		const written = this.#writer.text(text);
		this.#writer.finish();
		this.#sendWindow -= written;
		this.#scheduleFlush(false, (flags & Flag.end) === 0);
		return written;
	}

	writeFragment(stream: number, flags: number, fragment: Uint8Array): void {
		this.#writer.frame(FrameType.message, flags, stream, fragment);
		this.#sendWindow -= fragment.length;
		this.#scheduleFlush(false);
	}

	/** Writes a small frame that does not wait for the send queue. */
	writeControl(type: number, stream: number, payload?: Uint8Array, flags = 0): void {
		if (this.closedBy !== undefined) return;
		this.#writer.frame(type, flags, stream, payload);
		if (this.#blocked && this.#writer.pending > this.limits.sendQueueBytes + maxBlockedControlBytes) {
			this.destroy("the other side does not read what it is sent");
			return;
		}
		this.#scheduleFlush(this.#streams.size <= 1);
	}

	/** A message is to be sent in fragments. */
	enqueue(message: Fragments): void {
		this.#fragments.add(message);
		this.#pump();
	}

	/** There is window again for a message. */
	resume(message: Fragments): void {
		this.#fragments.resume(message);
		this.#pump();
	}

	/** A message has gone out, or will never. */
	dequeue(message: Fragments): void {
		this.#fragments.leave(message);
	}

	// ---- flow control

	/** Bytes of messages were consumed; the other side learns of it when half a window has gathered. */
	credit(bytes: number): void {
		this.#unreturned += bytes;
		if (this.#unreturned * 2 < this.limits.connectionWindowBytes) return;
		this.#receiveWindow += this.#unreturned;
		this.sendWindowUpdate(0, this.#unreturned);
		this.#unreturned = 0;
	}

	sendWindowUpdate(stream: number, bytes: number): void {
		const payload = new Uint8Array(4);
		new DataView(payload.buffer).setUint32(0, bytes);
		this.writeControl(FrameType.window, stream, payload);
	}

	/** Bytes of a message arrived: behind a head, or as a fragment. */
	received(bytes: number): void {
		this.#receiveWindow -= bytes;
		if (this.#receiveWindow < 0) throw new ProtocolError("more bytes than the connection's window allows");
	}

	/** A call ran out of time: whether the other side is there at all is found out. */
	timedOut(): void {
		if (this.closedBy === undefined) this.#keepAlive.suspect();
	}

	/** The other side cancelled a call, which it may do only so often. */
	canceled(): void {
		if (!this.#cancels.exceeded()) return;
		throw new ProtocolError(`more than ${this.limits.maxCancels} calls cancelled within ten seconds`);
	}

	// ---- the end

	/** Tells the other side that no streams after those taken will be served. */
	goaway(code: number, message: string): void {
		const text = new TextEncoder().encode(message);
		const payload = new Uint8Array(5 + text.length);
		new DataView(payload.buffer).setUint32(0, this.lastAccepted);
		payload[4] = code;
		payload.set(text, 5);
		this.writeControl(FrameType.goaway, 0, payload);
	}

	/** Ends at once: every stream is told, nothing is left. */
	destroy(message: string): void {
		this.#close(lost(message));
		this.pipe.destroy();
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
		this.#blocked = false;
		this.#flush();
		this.#resume();
	}

	closed(error?: Error): void {
		this.#close(
			lost(error === undefined ? "the connection was closed" : `connection lost: ${error.message}`),
		);
	}

	// ---- inside

	#onFrame(type: number, flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
		if (this.closedBy !== undefined) return;
		if (type === FrameType.message) this.#onMessage(flags, id, bytes, start, end);
		else if (type === FrameType.settings) this.#onSettings(bytes, start, end);
		else if (!this.#settled) throw new ProtocolError("SETTINGS has to be the first frame");
		else if (type === FrameType.request) this.#role.onRequest(id, flags, bytes, start, end);
		else if (type === FrameType.window) this.#onWindow(id, bytes, start, end);
		else if (type === FrameType.ping) this.#onPing(bytes, start, end);
		else if (type === FrameType.goaway) this.#onGoaway(bytes, start, end);
		else if (type < FrameType.window) this.#streams.get(id)?.onFrame(type, flags, bytes, start, end);
		else if (type > FrameType.goaway && (flags & Flag.critical) !== 0) {
			throw new ProtocolError(`a critical frame of type ${type} is not known here`);
		}
	}

	#onMessage(flags: number, id: number, bytes: Uint8Array, start: number, end: number): void {
		const length = end - start;
		if (!this.#settled) throw new ProtocolError("SETTINGS has to be the first frame");
		if (length > maxFragmentBytes) throw new ProtocolError(`a fragment of ${length} bytes is too large`);
		this.received(length);
		const handler = this.#streams.get(id);
		// A late frame of a closed stream: nobody wants it, but its bytes count.
		if (handler === undefined) this.credit(length);
		else if (!handler.stream.received(length))
			throw new ProtocolError("more bytes than the stream's window allows");
		else handler.onMessage(bytes, start, end, (flags & Flag.more) !== 0, (flags & Flag.end) !== 0);
	}

	#onSettings(bytes: Uint8Array, start: number, end: number): void {
		if (this.#settled) throw new ProtocolError("SETTINGS came twice");
		const remote = decodeSettings(bytes.subarray(start, end));
		if (remote === undefined) throw new ProtocolError("SETTINGS is malformed");
		this.#settled = true;
		this.remote = remote;
		this.#sendWindow = remote.connectionWindowBytes;
		// The other half is for messages that have credit for more.
		this.#fragments.maxHeldBytes = remote.maxAssemblyBytes / 2;
		this.#keepAlive.shaken();
		this.#keepAlive.rest();
		this.#role.onReady();
	}

	#onPing(bytes: Uint8Array, start: number, end: number): void {
		if (end - start !== 8) throw new ProtocolError("PING is malformed");
		this.writeControl(FrameType.pong, 0, bytes.slice(start, end));
	}

	#onWindow(id: number, bytes: Uint8Array, start: number, end: number): void {
		if (end - start !== 4) throw new ProtocolError("WINDOW is malformed");
		const credit = readU32(bytes, start);
		if (id === 0) {
			this.#sendWindow += credit;
			this.#resume();
		} else this.#streams.get(id)?.stream.extend(credit);
	}

	#onGoaway(bytes: Uint8Array, start: number, end: number): void {
		if (end - start < 5) throw new ProtocolError("GOAWAY is malformed");
		const lastStream = readU32(bytes, start);
		const message = this.bytes.readText(bytes, start + 5, end);
		for (const handler of [...this.#streams.values()]) {
			if (handler.stream.id > lastStream) handler.onLost(refused(message));
		}
		this.#role.onGoaway(lastStream, message);
	}

	/** What was written goes out with the rest of this turn of the loop, or now if that is much already. */
	#scheduleFlush(idle: boolean, more = false): void {
		if (this.#blocked) return;
		if (this.#heads >= batchHeads || this.#writer.pending >= batchBytes) {
			this.#flush();
			return;
		}
		if (this.#flushScheduled) return;
		this.#flushScheduled = true;
		this.pipe.schedule(this.#flushNow, idle, more);
	}

	readonly #flushNow = (): void => {
		this.#flushScheduled = false;
		if (this.closedBy !== undefined) return;
		this.#flush();
		if (!this.#blocked) this.#resume();
	};

	#flush(): void {
		if (this.#blocked) return;
		this.#heads = 0;
		const bytes = this.#writer.take();
		if (bytes !== undefined && !this.pipe.write(bytes)) this.#blocked = true;
	}

	/** The queue or the window has room again. */
	#resume(): void {
		if (this.#fragments.ready) this.#pump();
		if (this.#waitingToSend.size > 0 && this.writable) this.#wakeSenders();
	}

	/** Fragments leave half of the queue to others who wait for it. */
	#pump(): void {
		const share = this.#waitingToSend.size > 0 ? 0.5 : 1;
		const room = this.limits.sendQueueBytes * share;
		while (this.#fragments.ready && this.#sendWindow > 0 && this.writable && this.#writer.pending < room) {
			this.#fragments.sendNext();
		}
	}

	#wakeSenders(): void {
		const waiting = [...this.#waitingToSend];
		this.#waitingToSend.clear();
		for (const resume of waiting) resume();
	}

	#violated(error: Error): void {
		if (!(error instanceof ProtocolError)) throw error;
		this.goaway(GoawayCode.protocolError, error.message);
		this.#flush();
		this.#close(lost(`the other side broke the protocol: ${error.message}`));
		this.pipe.end();
	}

	#finish(): void {
		if (this.closedBy !== undefined) return;
		this.#flush();
		this.#close(lost("the connection was closed"));
		this.pipe.end();
	}

	#close(error: ServiceError): void {
		if (this.closedBy !== undefined) return;
		this.closedBy = error;
		this.#keepAlive.stop();
		this.#deadlines.stop();
		this.#fragments.clear();
		for (const handler of [...this.#streams.values()]) handler.onLost(error);
		this.#streams.clear();
		this.#wakeSenders();
		for (const resume of this.#waitingToOpen) resume();
		this.#waitingToOpen.clear();
		this.#role.onClosed(error);
	}
}

function lost(message: string): ServiceError {
	return new ServiceError({ code: "unavailable", message });
}

/** The error of a stream that the other side never took. */
function refused(message: string): ServiceError {
	return serviceErrorFrom(
		{ code: "unavailable", message: `not accepted: ${message}` },
		{ notExecuted: true },
	);
}
