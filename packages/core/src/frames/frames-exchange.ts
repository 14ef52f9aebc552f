import type { EncodedMessage } from "../codec/codec.ts";
import type { MethodCodecs } from "../codec/method-codecs.ts";
import { type Outcome, succeeded } from "../context/call-scope.ts";
import { callIsOver, canceled, deadlineExceeded, type Follower } from "../context/cancellation.ts";
import { givesStream, type Kind, takesStream } from "../contract/method.ts";
import { ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import type { ServerCall } from "../service/server-call.ts";
import type { Connection } from "./connection.ts";
import { Inbound } from "./inbound.ts";
import { LongReply } from "./long-reply.ts";
import { sendError, sendHead } from "./reply-frames.ts";
import type { ServerCalls } from "./server-calls.ts";
import { Stream } from "./stream.ts";
import type { StreamHandler } from "./stream-handler.ts";
import { bodyRoom, decodeBody } from "./wire/body.ts";
import { Flag, FrameType } from "./wire/frame.ts";

/**
 * The server's side of one call over frames. It feeds arriving messages to the call, and sends the answers of the call.
 * The call knows nothing of it.
 */
export class FramesExchange implements StreamHandler, Follower {
	readonly stream: Stream;
	readonly deadline: number;
	readonly #connection: Connection;
	readonly #calls: ServerCalls;
	readonly #call: ServerCall;
	readonly #codecs: MethodCodecs;
	readonly #path: string;
	readonly #kind: Kind;
	#inbound: Inbound | undefined;
	/** Made for replies that do not go out in one frame. */
	#reply: LongReply | undefined;
	/** Whether the call had to wait for a turn, as enough replies wait to be read. */
	#turn: "none" | "awaited" | "taken" = "none";

	/**
	 * @param calls the state that the calls of the connection share.
	 * @param codecs the codecs for the format of the request.
	 */
	constructor(
		id: number,
		connection: Connection,
		calls: ServerCalls,
		call: ServerCall,
		codecs: MethodCodecs,
		path: string,
	) {
		this.stream = new Stream(id, connection);
		this.#connection = connection;
		this.#calls = calls;
		this.#call = call;
		this.deadline = call.ctx.deadline;
		this.#codecs = codecs;
		this.#path = path;
		this.#kind = call.served?.method.kind ?? "unary";
	}

	/**
	 * Takes the call in and runs it, as soon as there is room for replies.
	 *
	 * @param body the message that came with the request, if any.
	 * @param bytes the bytes of that message, whose credit is returned when the call runs.
	 * @param ended whether no more messages will come.
	 */
	begin(body: EncodedMessage | undefined, bytes: number, ended: boolean): void {
		this.#connection.add(this);
		const { heldReplies } = this.#calls;
		if (!heldReplies.full) {
			this.#connection.credit(bytes);
			this.#run(body, ended);
			return;
		}
		this.#turn = "awaited";
		heldReplies.wait(() => {
			this.#connection.credit(bytes);
			if (this.stream.closed) {
				heldReplies.leave();
				return;
			}
			this.#turn = "taken";
			this.#run(body, ended);
		});
	}

	onMessage(bytes: Uint8Array, start: number, end: number, more: boolean, last: boolean): void {
		const inbound = this.#openInbound();
		const error = inbound.push(bytes, start, end, more);
		if (error !== undefined) this.#fail(error);
		else if (last) inbound.end();
	}

	onFrame(type: number): void {
		if (type === FrameType.end) this.#openInbound().end();
		else if (type === FrameType.cancel) {
			this.onLost(canceled());
			this.#calls.canceled();
		}
	}

	/** The handler may hang: its caller learns of the deadline all the same. */
	onDeadline(): void {
		this.#fail(this.#turn === "awaited" ? noRoomForReplies() : (this.#call.ctx.error ?? deadlineExceeded()));
	}

	/** The server stops and ends the call: its caller is told, even if the handler hangs. */
	onEnd(error: ServiceError): void {
		this.#fail(error);
	}

	onLost(error: ServiceError): void {
		// The caller is gone: to the handler that is a cancelled call, whatever cut it off.
		const reason = error.code === "canceled" ? error : canceled(error);
		if (this.stream.closed) return;
		this.stream.close();
		this.#call.cancel(reason);
		this.#over(reason, { ok: false, error: reason });
	}

	#run(body: EncodedMessage | undefined, ended: boolean): void {
		this.#calls.running++;
		if (this.#call.hasStream) this.#call.follow(this);
		this.#call.run(this.#input(body, ended)).then(
			(output) => {
				this.#calls.running--;
				this.#answer(output);
			},
			(error) => {
				this.#calls.running--;
				this.#fail(toServiceError(error));
			},
		);
	}

	/** Returns a function that reads the input. It is called once the call is admitted. */
	#input(body: EncodedMessage | undefined, ended: boolean): () => unknown {
		const isStream = takesStream(this.#kind);
		if (body !== undefined && !isStream) {
			const { input } = this.#codecs;
			return () => decodeBody(input, body);
		}
		const inbound = this.#openInbound();
		if (ended) inbound.end();
		return isStream ? () => inbound.messages : () => inbound.single(missingInput());
	}

	#openInbound(): Inbound {
		this.#inbound ??= new Inbound({
			bytes: this.#connection.bytes,
			maxMessageBytes: this.#connection.limits.maxMessageBytes,
			window: this.stream,
			assembly: this.#connection.assembly,
			codec: this.#codecs.input,
			stopped: () => {},
		});
		return this.#inbound;
	}

	#answer(output: unknown): void {
		if (givesStream(this.#kind)) {
			this.#reply = new LongReply(this.stream, this.#call);
			this.#settle(this.#reply.sendStream(output as AsyncIterable<unknown>, this.#codecs.output));
			return;
		}
		if (this.stream.closed) return;
		let body: EncodedMessage;
		try {
			body = this.#call.encode<EncodedMessage>(this.#codecs.output, output);
		} catch (error) {
			this.#fail(toServiceError(error));
			return;
		}
		this.#sendMessage(body);
	}

	#sendMessage(body: EncodedMessage): void {
		const { response } = this.#call;
		const { bytes, queue } = this.#connection;
		const room = bodyRoom(bytes, body);
		if (queue.hasRoomFor(room) && !response.hasTrailers) {
			sendHead(this.stream, response, Flag.body | Flag.end, body, room);
			this.#done();
			return;
		}
		this.#reply = new LongReply(this.stream, this.#call);
		const { replyTimeoutMs } = this.#connection.limits;
		this.#settle(this.#reply.sendMessage(body, this.#calls.heldReplies, replyTimeoutMs));
	}

	#settle(reply: Promise<void>): void {
		reply.then(
			() => this.#done(),
			(error) => this.#fail(toServiceError(error)),
		);
	}

	#done(): void {
		if (this.stream.closed) return;
		this.stream.close();
		this.#over(callIsOver, succeeded);
	}

	#fail(error: ServiceError): void {
		if (this.stream.closed) return;
		sendError(this.stream, this.#call.response, error, this.#path);
		this.stream.close();
		this.#over(error, { ok: false, error });
	}

	/** The stream is closed: nothing of the call goes on. */
	#over(reason: ServiceError, outcome: Outcome): void {
		this.#inbound?.cut(reason);
		this.#reply?.stop();
		if (this.#turn === "taken") this.#calls.heldReplies.leave();
		this.#call.settle(outcome);
	}
}

function noRoomForReplies(): ServiceError {
	const message = "the call waited until its deadline, as replies wait to be read on this connection";
	return serviceErrorFrom({ code: "resource_exhausted", message }, { notExecuted: true });
}

function missingInput(): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "unparsable",
		message: "the input is missing",
	});
}
