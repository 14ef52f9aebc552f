import type { EncodedMessage } from "../codec/codec.ts";
import { type Outcome, succeeded } from "../context/call-scope.ts";
import { canceled, deadlineExceeded, type Follower, type Following } from "../context/cancellation.ts";
import type { Context } from "../context/context.ts";
import { ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import { type CallObserver, endCall, observeAccepted } from "../transport/observe-calls.ts";
import { ownDeadline } from "../transport/own-deadline.ts";
import type { Connection } from "./connection.ts";
import type { CallEncoding, FramesCallee } from "./frames-callee.ts";
import { Inbound } from "./inbound.ts";
import { Stream } from "./stream.ts";
import type { StreamHandler } from "./stream-handler.ts";
import { StreamedInput } from "./streamed-input.ts";
import { decodeFrom } from "./wire/body.ts";
import { readEnd } from "./wire/end-frame.ts";
import { readError } from "./wire/error-frame.ts";
import { Flag, FrameType, ProtocolError } from "./wire/frame.ts";
import { beginRequest } from "./wire/request-frame.ts";
import { readResponse } from "./wire/response-frame.ts";

/**
 * The client's side of one call over frames. It owns the pending promise and settles it once: by the reply, an
 * error, the context's end, or the end of the connection.
 */
export class ClientCall implements StreamHandler, Follower {
	readonly stream: Stream;
	readonly deadline: number;
	readonly #connection: Connection;
	readonly #callee: FramesCallee;
	readonly #encoding: CallEncoding;
	readonly #ctx: Context;
	readonly #observer: CallObserver | undefined;
	readonly #resolve: (output: unknown) => void;
	readonly #reject: (error: ServiceError) => void;
	/** When it began, on the clock of `performance.now()`. */
	#beganAt = 0;
	#following: Following | undefined;
	#input: StreamedInput | undefined;
	#inbound: Inbound | undefined;
	/** Whether the promise has been settled with a stream, whose call goes on then. */
	#accepted = false;
	#over = false;
	/** Whether the other side has heard of it. */
	#begun = false;

	constructor(
		connection: Connection,
		callee: FramesCallee,
		encoding: CallEncoding,
		ctx: Context,
		observer: CallObserver | undefined,
		resolve: (output: unknown) => void,
		reject: (error: ServiceError) => void,
		id: number,
	) {
		this.#connection = connection;
		this.#callee = callee;
		this.#encoding = encoding;
		this.#ctx = ctx;
		this.#observer = observer;
		this.#resolve = resolve;
		this.#reject = reject;
		this.stream = new Stream(id, connection);
		this.deadline = ctx.deadline;
	}

	/**
	 * Sends the request.
	 *
	 * @param body the whole input, if it is one message that fits behind the head.
	 * @param room the most space that the body takes, in bytes.
	 */
	begin(body: EncodedMessage | undefined, room: number): void {
		const now = performance.now();
		this.#beganAt = now;
		this.#observer?.onBegin();
		const remaining = Math.max(0, this.deadline - now);
		this.#following = this.#ctx["~cancellation"].follow(this);
		if (remaining === 0) this.onDeadline();
		const connection = this.#connection;
		if (this.#over) {
			connection.streams.passTurn();
			return;
		}
		connection.add(this);
		const flags = this.#encoding.flags | (body === undefined ? 0 : Flag.body | Flag.end);
		const { outgoing } = this.#ctx;
		beginRequest(
			connection.batch.writer,
			flags,
			this.stream.id,
			this.#callee.path,
			remaining,
			outgoing,
			room,
		);
		this.#begun = true;
		connection.queue.finishHead(body);
	}

	/** Sends an input that is one message, but does not fit behind the head. */
	async sendMessage(body: EncodedMessage): Promise<void> {
		try {
			await this.stream.send(body, Flag.end);
		} catch (error) {
			this.#abort(toServiceError(error));
		}
	}

	/** Sends an input that is a stream. */
	sendStream(input: AsyncIterable<unknown>): void {
		this.#input = new StreamedInput(this.stream, this.#encoding.codecs.input);
		this.#input.send(input).catch((error) => this.#abort(toServiceError(error)));
	}

	onMessage(bytes: Uint8Array, start: number, end: number, more: boolean): void {
		const error = this.#openInbound().push(bytes, start, end, more);
		if (error !== undefined) this.#abort(error);
	}

	onFrame(type: number, flags: number, bytes: Uint8Array, start: number, end: number): void {
		if (type === FrameType.response) this.#onResponse(flags, bytes, start, end);
		else if (type === FrameType.end) this.#onEndFrame(bytes, start, end);
		else if (type === FrameType.error) this.#onErrorFrame(flags, bytes, start, end);
	}

	onDeadline(): void {
		this.#abort(this.#ctx.error ?? deadlineExceeded());
	}

	/** The context ended: its caller gave up. */
	onEnd(error: ServiceError): void {
		this.#abort(error);
	}

	onLost(error: ServiceError): void {
		// Each call gets its own error, because calls that shared one would share its stack and metadata.
		const { code, message, notExecuted } = error;
		const domain = this.#callee.method.service;
		this.#fail(serviceErrorFrom({ code, message }, { notExecuted, domain }));
	}

	#onResponse(flags: number, bytes: Uint8Array, start: number, end: number): void {
		const connection = this.#connection;
		const { metadata, end: bodyStart } = readResponse(bytes, start, end, connection.bytes);
		if (metadata.size > 0) this.#ctx["~received"]?.["~receive"]("headers", metadata);
		const hasBody = (flags & Flag.body) !== 0;
		if (this.#callee.givesStream) {
			if (hasBody) throw new ProtocolError("the head of a stream carries a message");
			this.#accept();
		} else if (hasBody) {
			connection.received(end - bodyStart);
			connection.credit(end - bodyStart);
			this.#finish(bytes, bodyStart, end);
			return;
		}
		if ((flags & Flag.end) !== 0) this.#onLast();
	}

	#onEndFrame(bytes: Uint8Array, start: number, end: number): void {
		const trailers = readEnd(bytes, start, end, this.#connection.bytes);
		this.#ctx["~received"]?.["~receive"]("trailers", trailers);
		this.#onLast();
	}

	#onErrorFrame(flags: number, bytes: Uint8Array, start: number, end: number): void {
		const error = readError(flags, bytes, start, end, this.#connection.bytes, this.#callee.method);
		if (error.metadata !== undefined) this.#ctx["~received"]?.["~receive"]("trailers", error.metadata);
		this.#fail(ownDeadline(error, this.#ctx));
	}

	#accept(): void {
		if (this.#accepted) return;
		this.#accepted = true;
		const observer = this.#observer;
		const { messages } = this.#openInbound();
		this.#resolve(observer === undefined ? messages : observeAccepted(messages, this.#beganAt, observer));
	}

	/** The other side sends nothing more on this stream. */
	#onLast(): void {
		if (this.#over) return;
		if (this.#callee.givesStream) {
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

	/** The whole reply came behind its head. */
	#finish(bytes: Uint8Array, start: number, end: number): void {
		this.#close();
		let output: unknown;
		try {
			output = decodeFrom(this.#encoding.codecs.output, this.#connection.bytes, bytes, start, end);
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
		if (this.#observer !== undefined) endCall(this.#observer, this.#callee.method, outcome, this.#beganAt);
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
			if (error.code === "deadline_exceeded") this.#connection.suspect();
		}
		this.#fail(error);
	}

	#close(): void {
		this.#over = true;
		this.#following?.stop();
		this.stream.close();
		this.#input?.stop();
	}

	#openInbound(): Inbound {
		this.#inbound ??= new Inbound({
			bytes: this.#connection.bytes,
			maxMessageBytes: this.#connection.limits.maxMessageBytes,
			window: this.stream,
			assembly: this.#connection.assembly,
			codec: this.#encoding.codecs.output,
			stopped: () => this.#abort(canceled()),
		});
		return this.#inbound;
	}
}

function missingReply(): ServiceError {
	return new ServiceError({ code: "internal", message: "the reply is missing" });
}
