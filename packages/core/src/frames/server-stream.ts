import type { Codec } from "../codec/codec.ts";
import { type Outcome, succeeded } from "../context/call-scope.ts";
import { callIsOver, canceled, deadlineExceeded, type Follower } from "../context/cancellation.ts";
import { noMetadata } from "../context/metadata.ts";
import { givesStream, type Kind } from "../contract/method.ts";
import { abandon } from "../endpoint/leave-stream.ts";
import { messagesOf } from "../endpoint/map-stream.ts";
import { ServiceError, serviceErrorFrom, toServiceError } from "../errors/service-error.ts";
import type { ServerCall } from "../service/server-call.ts";
import { every, type Timer } from "../time/timer.ts";
import { decodeMessage } from "../transport/message-text.ts";
import type { Connection } from "./connection.ts";
import { writeError } from "./error-frame.ts";
import { Flag, FrameType } from "./frame.ts";
import { metadataBlockBytes } from "./frame-writer.ts";
import { Inbound } from "./inbound.ts";
import { Stream, type StreamHandler } from "./stream.ts";

/** The server's side of one call over frames: feeds the handler, sends what it answers. */
export class ServerStream implements StreamHandler, Follower {
	readonly stream: Stream;
	readonly deadline: number;
	readonly #connection: Connection;
	readonly #call: ServerCall;
	readonly #codec: Extract<Codec, { readonly binary: false }>;
	readonly #path: string;
	readonly #kind: Kind;
	#inbound: Inbound | undefined;
	#output: AsyncIterator<unknown> | undefined;
	/** Its turn, where it had to wait for one because replies enough wait to be read. */
	#turn: "none" | "awaited" | "taken" = "none";

	constructor(
		id: number,
		connection: Connection,
		call: ServerCall,
		codec: Extract<Codec, { readonly binary: false }>,
		path: string,
	) {
		this.stream = new Stream(id, connection);
		this.#connection = connection;
		this.#call = call;
		this.deadline = call.ctx.deadline;
		this.#codec = codec;
		this.#path = path;
		this.#kind = call.served?.method.kind ?? "unary";
	}

	/**
	 * Takes the call in and runs it, as soon as there is room for replies. `text` is the message that came with the
	 * request, `bytes` what it took; `ended` that no more will come.
	 */
	begin(text: string | undefined, bytes: number, ended: boolean): void {
		const connection = this.#connection;
		connection.add(this);
		if (!connection.heldReplies.full) {
			connection.credit(bytes);
			this.#run(text, ended);
			return;
		}
		this.#turn = "awaited";
		connection.heldReplies.wait(() => {
			connection.credit(bytes);
			if (this.stream.closed) {
				connection.heldReplies.leave();
				return;
			}
			this.#turn = "taken";
			this.#run(text, ended);
		});
	}

	#run(text: string | undefined, ended: boolean): void {
		this.#connection.running++;
		if (this.#call.hasStream) this.#call.follow(this);
		this.#call
			.run(() => this.#input(text, ended))
			.then(
				(output) => this.#onReply(output),
				(error) => this.#onRefusal(error),
			);
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
			this.#connection.canceled();
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
		if (this.stream.closed) return;
		this.stream.close();
		// The caller is gone: to the handler that is a cancelled call, whatever cut it off.
		const reason = error.code === "canceled" ? error : canceled(error);
		this.#call.cancel(reason);
		this.#inbound?.cut(reason);
		this.#stopOutput();
		this.#settle({ ok: false, error: reason });
	}

	#input(text: string | undefined, ended: boolean): unknown {
		if (this.#kind === "unary" || this.#kind === "server_stream") {
			return text === undefined
				? this.#openInbound().single(missingInput())
				: decodeMessage(this.#codec, text);
		}
		const inbound = this.#openInbound();
		if (ended) inbound.end();
		return inbound;
	}

	#openInbound(): Inbound {
		this.#inbound ??= new Inbound({
			bytes: this.#connection.bytes,
			maxMessageBytes: this.#connection.limits.maxMessageBytes,
			window: this.stream,
			assembly: this.#connection.assembly,
			decode: (text) => decodeMessage(this.#codec, text),
			stopped: () => {},
		});
		return this.#inbound;
	}

	#onReply(output: unknown): void {
		this.#connection.running--;
		if (!givesStream(this.#kind)) this.#reply(output);
		else this.#pump(output as AsyncIterable<unknown>).catch((error) => this.#onError(error));
	}

	#onRefusal(error: unknown): void {
		this.#connection.running--;
		this.#onError(error);
	}

	#onError(error: unknown): void {
		this.#fail(toServiceError(error));
	}

	#reply(output: unknown): void {
		if (this.stream.closed) return;
		let text: string;
		try {
			text = this.#call.encode(this.#codec, output);
		} catch (error) {
			this.#fail(toServiceError(error));
			return;
		}
		const { response } = this.#call;
		if (this.#connection.fits(text) && !response.hasTrailers) {
			this.#head(Flag.body | Flag.end, text);
			this.#done();
		} else this.#replyInParts(text).catch((error) => this.#onError(error));
	}

	async #replyInParts(text: string): Promise<void> {
		const { heldReplies, limits } = this.#connection;
		if (heldReplies.overfull) throw overfull();
		heldReplies.hold(text.length);
		const patience = this.#watchReading(limits.replyTimeoutMs);
		try {
			await this.#sendHead();
			await this.stream.send(text);
		} finally {
			patience.stop();
			heldReplies.release(text.length);
		}
		this.#end();
	}

	/** Gives the reply up when its caller takes nothing of it for so many milliseconds. */
	#watchReading(milliseconds: number): Timer {
		let before = 0;
		return every(milliseconds, () => {
			const left = this.stream.unsentBytes;
			if (left === before) this.#fail(unread(milliseconds));
			before = left;
		});
	}

	async #pump(messages: AsyncIterable<unknown>): Promise<void> {
		const output = messagesOf(messages);
		this.#output = output;
		if (this.stream.closed) return this.#stopOutput();
		// A producer runs up to its first wait before the head goes out, so that it can still write headers.
		const first = output.next();
		first.catch(() => {});
		await this.#sendHead();
		const ask = output.reader(
			(result) => this.#send(result, next),
			(error) => this.#onError(error),
		);
		const next = (): void => {
			if (!this.stream.closed) ask();
		};
		this.#send(await first, next);
	}

	/** Sends a message of the output; asks for the next as soon as there is room for it. */
	#send(result: IteratorResult<unknown>, next: () => void): void {
		if (this.stream.closed) return;
		try {
			if (result.done === true) {
				this.#output = undefined;
				this.#end();
				return;
			}
			const wait = this.stream.send(this.#call.encode(this.#codec, result.value));
			if (wait === undefined) next();
			else wait.then(next);
		} catch (error) {
			this.#onError(error);
		}
	}

	/** The head on its own; waits while the send queue is full. */
	async #sendHead(): Promise<void> {
		while (!this.#connection.writable && !this.stream.closed) await this.#connection.whenWritable();
		if (!this.stream.closed) this.#head(0, undefined);
	}

	#head(flags: number, text: string | undefined): void {
		const headers = this.#call.response.hasHeaders ? this.#call.response.headers : noMetadata;
		const room = metadataBlockBytes(headers) + (text === undefined ? 0 : this.#connection.room(text));
		const writer = this.#connection.head(FrameType.response, flags, this.stream.id, room);
		writer.metadata(headers);
		this.#connection.finishHead(text);
	}

	#end(): void {
		if (this.stream.closed) return;
		const trailers = this.#call.response.hasTrailers ? this.#call.response.trailers : noMetadata;
		const writer = this.#connection.head(
			FrameType.end,
			Flag.end,
			this.stream.id,
			metadataBlockBytes(trailers),
		);
		writer.metadata(trailers);
		this.#connection.finishHead(undefined);
		this.#done();
	}

	#done(): void {
		this.stream.close();
		this.#inbound?.cut(callIsOver);
		this.#settle(succeeded);
	}

	#fail(error: ServiceError): void {
		if (this.stream.closed) return;
		writeError(this.#connection, this.stream.id, this.#withTrailers(error), this.#path);
		this.stream.close();
		this.#inbound?.cut(error);
		this.#stopOutput();
		this.#settle({ ok: false, error });
	}

	#settle(outcome: Outcome): void {
		if (this.#turn === "taken") this.#connection.heldReplies.leave();
		this.#call.settle(outcome);
	}

	/** Trailers that the handler wrote go out with the error, unless it brings metadata of its own. */
	#withTrailers(error: ServiceError): ServiceError {
		const { response } = this.#call;
		if (!response.hasTrailers || error.metadata !== undefined) return error;
		return Object.assign(
			new ServiceError({ ...error, message: error.message, metadata: response.trailers }),
			{
				notExecuted: error.notExecuted,
				domain: error.domain,
			},
		);
	}

	#stopOutput(): void {
		const output = this.#output;
		this.#output = undefined;
		abandon(output);
	}
}

function noRoomForReplies(): ServiceError {
	const message = "the call waited until its deadline, as replies wait to be read on this connection";
	return serviceErrorFrom({ code: "resource_exhausted", message }, { notExecuted: true });
}

function overfull(): ServiceError {
	const message = "the reply has no room: too many others wait to be read on this connection";
	return new ServiceError({ code: "resource_exhausted", message });
}

function unread(milliseconds: number): ServiceError {
	const message = `the reply was given up, as nothing of it was read for ${milliseconds} ms`;
	return new ServiceError({ code: "resource_exhausted", reason: "reply_timeout", message });
}

function missingInput(): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "unparsable",
		message: "the input is missing",
	});
}
