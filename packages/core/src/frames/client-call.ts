import type { Codec } from "../codec/codec.ts";
import { type Outcome, succeeded } from "../context/call-scope.ts";
import { canceled, deadlineExceeded, type Follower, type Following } from "../context/cancellation.ts";
import type { Context } from "../context/context.ts";
import { givesStream, type Method } from "../contract/method.ts";
import { abandon } from "../endpoint/leave-stream.ts";
import { ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import { decodeMessage, readMessage } from "../transport/message-text.ts";
import { type CallObserver, endCall, observeAccepted } from "../transport/observe-calls.ts";
import { ownDeadline } from "../transport/own-deadline.ts";
import type { Connection } from "./connection.ts";
import { readError } from "./error-frame.ts";
import { Flag, FrameType, noTimeout, ProtocolError } from "./frame.ts";
import { metadataBlockBytes } from "./frame-writer.ts";
import { Inbound } from "./inbound.ts";
import { readMetadata } from "./metadata-block.ts";
import { Stream, type StreamHandler } from "./stream.ts";

/** What a call over frames needs to know of its method, worked out once. */
export interface CallTarget {
	readonly method: Method;
	/** `service/method` as UTF-8. */
	readonly path: Uint8Array;
	readonly codec: Extract<Codec, { readonly binary: false }>;
}

/**
 * The client's side of one call over frames. It owns the pending promise and settles it once: by the reply, an
 * error, the context's end, or the end of the connection.
 */
export class ClientCall implements StreamHandler, Follower {
	readonly stream: Stream;
	readonly deadline: number;
	readonly #connection: Connection;
	readonly #target: CallTarget;
	readonly #ctx: Context;
	readonly #observer: CallObserver | undefined;
	readonly #resolve: (output: unknown) => void;
	readonly #reject: (error: ServiceError) => void;
	/** When it began, on the clock of `performance.now()`. */
	#beganAt = 0;
	#following: Following | undefined;
	#inbound: Inbound | undefined;
	/** Whether the promise has been settled; a stream's call goes on then. */
	#accepted = false;
	#over = false;
	/** Whether the other side has heard of it. */
	#begun = false;
	#input: AsyncIterator<unknown> | undefined;

	constructor(
		connection: Connection,
		target: CallTarget,
		ctx: Context,
		observer: CallObserver | undefined,
		resolve: (output: unknown) => void,
		reject: (error: ServiceError) => void,
		id: number,
	) {
		this.#connection = connection;
		this.#target = target;
		this.#ctx = ctx;
		this.#observer = observer;
		this.#resolve = resolve;
		this.#reject = reject;
		this.stream = new Stream(id, connection);
		this.deadline = ctx.deadline;
	}

	/** Sends the request. `text` is the whole input where it is one message that `fits`. */
	begin(text: string | undefined): void {
		const now = performance.now();
		this.#beganAt = now;
		this.#observer?.onBegin();
		const remaining = Math.max(0, this.deadline - now);
		this.#following = this.#ctx["~cancellation"].follow(this);
		if (remaining === 0) this.onDeadline();
		if (this.#over) {
			this.#connection.wakeNext();
			return;
		}
		this.#connection.add(this);
		const { outgoing } = this.#ctx;
		const { path } = this.#target;
		const flags = text === undefined ? 0 : Flag.body | Flag.end;
		const room =
			6 + path.length + metadataBlockBytes(outgoing) + (text === undefined ? 0 : this.#connection.room(text));
		const writer = this.#connection.head(FrameType.request, flags, this.stream.id, room);
		writer.u32(timeoutField(remaining));
		writer.u16(path.length);
		writer.raw(path);
		writer.metadata(outgoing);
		this.#connection.finishHead(text);
		this.#begun = true;
	}

	/** Sends an input that is one message, but does not fit behind the head. */
	async sendMessage(text: string): Promise<void> {
		try {
			await this.stream.send(text, Flag.end);
		} catch (error) {
			this.#abort(toServiceError(error));
		}
	}

	/** Sends an input that is a stream. */
	async sendStream(input: AsyncIterable<unknown>): Promise<void> {
		try {
			const iterator = input[Symbol.asyncIterator]();
			this.#input = iterator;
			if (this.#over) return this.#stopInput();
			while (!this.#over) {
				const result = await iterator.next();
				if (this.#over) return;
				if (result.done === true) break;
				const wait = this.stream.send(this.#target.codec.encode(result.value));
				if (wait !== undefined) await wait;
			}
			this.#input = undefined;
			if (!this.#over) this.#connection.writeControl(FrameType.end, this.stream.id, noTrailers, Flag.end);
		} catch (error) {
			this.#abort(toServiceError(error));
		}
	}

	onMessage(bytes: Uint8Array, start: number, end: number, more: boolean): void {
		const error = this.#openInbound().push(bytes, start, end, more);
		if (error !== undefined) this.#abort(error);
	}

	onFrame(type: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
		if (type === FrameType.response) this.#onResponse(flags, bytes, start, end);
		else if (type === FrameType.end) {
			this.#ctx["~received"]?.["~receive"](
				"trailers",
				readMetadata(bytes, start, end, this.#connection.bytes).metadata,
			);
			this.#onEndFrame();
		} else if (type === FrameType.error) {
			const error = readError(this.#connection, flags, bytes, start, end, this.#target.method);
			if (error.metadata !== undefined) this.#ctx["~received"]?.["~receive"]("trailers", error.metadata);
			this.#fail(ownDeadline(error, this.#ctx));
		}
	}

	onDeadline(): void {
		this.#abort(this.#ctx.error ?? deadlineExceeded());
	}

	/** The context ended: its caller gave up. */
	onEnd(error: ServiceError): void {
		this.#abort(error);
	}

	onLost(error: ServiceError): void {
		// One error for all calls of a connection would share its stack and its metadata.
		const { code, message, notExecuted } = error;
		const domain = this.#target.method.service;
		this.#fail(serviceErrorFrom({ code, message }, { notExecuted, domain }));
	}

	#onResponse(flags: number, bytes: Uint8Array, start: number, end: number): void {
		const connection = this.#connection;
		const { metadata, end: bodyStart } = readMetadata(bytes, start, end, connection.bytes);
		if (metadata.size > 0) this.#ctx["~received"]?.["~receive"]("headers", metadata);
		if (isStreaming(this.#target.method)) {
			if ((flags & Flag.body) !== 0) throw new ProtocolError("the head of a stream carries a message");
			this.#accept();
		} else if ((flags & Flag.body) !== 0) {
			const length = end - bodyStart;
			connection.received(length);
			connection.credit(length);
			this.#finish(readMessage(connection.bytes, bytes, bodyStart, end));
		}
		if ((flags & Flag.end) !== 0 && !this.#over) this.#onEndFrame();
	}

	#accept(): void {
		if (this.#accepted) return;
		this.#accepted = true;
		const observer = this.#observer;
		const inbound = this.#openInbound();
		this.#resolve(observer === undefined ? inbound : observeAccepted(inbound, this.#beganAt, observer));
	}

	#onEndFrame(): void {
		if (this.#over) return;
		if (isStreaming(this.#target.method)) {
			this.#accept();
			this.#close();
			this.#inbound?.end();
			return;
		}
		// A single reply that did not fit behind its head came as messages.
		const inbound = this.#openInbound();
		this.#close();
		inbound.end();
		inbound.single(missingReply()).then(
			(output) => this.#succeed(output),
			(error) => this.#refuse(toServiceError(error)),
		);
	}

	#finish(text: string): void {
		this.#close();
		let output: unknown;
		try {
			output = decodeMessage(this.#target.codec, text);
		} catch (error) {
			this.#refuse(toServiceError(error));
			return;
		}
		this.#succeed(output);
	}

	#succeed(output: unknown): void {
		this.#tell(succeeded);
		this.#resolve(output);
	}

	#refuse(error: ServiceError): void {
		this.#tell({ ok: false, error });
		this.#reject(error);
	}

	#tell(outcome: Outcome): void {
		if (this.#observer !== undefined) endCall(this.#observer, this.#target.method, outcome, this.#beganAt);
	}

	#fail(error: ServiceError): void {
		if (this.#over) return;
		this.#close();
		if (this.#accepted) this.#inbound?.fail(error);
		else this.#refuse(error);
	}

	/** Ends the call from this side, and tells the other. */
	#abort(error: ServiceError): void {
		if (this.#over) return;
		if (this.#begun) {
			this.stream.cancel();
			if (error.code === "deadline_exceeded") this.#connection.timedOut();
		}
		this.#fail(error);
	}

	#close(): void {
		this.#over = true;
		this.#following?.stop();
		this.stream.close();
		this.#stopInput();
	}

	#stopInput(): void {
		const input = this.#input;
		this.#input = undefined;
		abandon(input);
	}

	#openInbound(): Inbound {
		this.#inbound ??= new Inbound({
			bytes: this.#connection.bytes,
			maxMessageBytes: this.#connection.limits.maxMessageBytes,
			window: this.stream,
			assembly: this.#connection.assembly,
			decode: (text) => decodeMessage(this.#target.codec, text),
			stopped: () => this.#abort(canceled()),
		});
		return this.#inbound;
	}
}

/** The payload of an END without trailers. */
const noTrailers = new Uint8Array(2);

function isStreaming(method: Method): boolean {
	return givesStream(method.kind);
}

/** Milliseconds until the deadline, rounded up so that the callee does not give up before the caller. */
function timeoutField(remaining: number): number {
	return remaining >= noTimeout ? noTimeout : Math.ceil(remaining);
}

function missingReply(): ServiceError {
	return new ServiceError({ code: "internal", message: "the reply is missing" });
}
