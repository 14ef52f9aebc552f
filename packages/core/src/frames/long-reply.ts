import type { Codec, EncodedMessage } from "../codec/codec.ts";
import { abandon } from "../endpoint/leave-stream.ts";
import { messagesOf } from "../endpoint/map-stream.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { ServerCall } from "../service/server-call.ts";
import { every } from "../time/timer.ts";
import type { HeldReplies } from "./held-replies.ts";
import { sendEnd, sendHead } from "./reply-frames.ts";
import type { Stream } from "./stream.ts";

/** A reply that does not go out in one frame: a large message, one with trailers, or a stream of messages. */
export class LongReply {
	readonly #stream: Stream;
	readonly #call: ServerCall;
	#output: AsyncIterator<unknown> | undefined;

	constructor(stream: Stream, call: ServerCall) {
		this.#stream = stream;
		this.#call = call;
	}

	/**
	 * Sends a reply that is one message. Rejects when there is no room for it, or the caller reads nothing of it for
	 * `timeoutMs`.
	 */
	async sendMessage(body: EncodedMessage, heldReplies: HeldReplies, timeoutMs: number): Promise<void> {
		if (heldReplies.overfull) throw overfull();
		const stream = this.#stream;
		const unread = Promise.withResolvers<never>();
		heldReplies.hold(body.length);
		let before = 0;
		const timer = every(timeoutMs, () => {
			if (stream.unsentBytes === before) unread.reject(givenUp(timeoutMs));
			before = stream.unsentBytes;
		});
		try {
			await Promise.race([this.#sendMessage(body), unread.promise]);
		} finally {
			timer.stop();
			heldReplies.release(body.length);
		}
	}

	/**
	 * Sends a reply that is a stream. Resolves when its end is on its way, rejects with the error that breaks it, and
	 * does neither when the call ends before.
	 */
	sendStream(messages: AsyncIterable<unknown>, codec: Codec): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		this.#pump(messages, codec, resolve, reject).catch(reject);
		return promise;
	}

	/** The call is over: the handler's stream may stop. */
	stop(): void {
		const output = this.#output;
		this.#output = undefined;
		abandon(output);
	}

	async #sendMessage(body: EncodedMessage): Promise<void> {
		await this.#sendHead();
		await this.#stream.send(body);
		this.#end();
	}

	async #pump(
		messages: AsyncIterable<unknown>,
		codec: Codec,
		ended: () => void,
		failed: (error: unknown) => void,
	): Promise<void> {
		const output = messagesOf(messages);
		this.#output = output;
		if (this.#stream.closed) return this.stop();
		// A producer runs up to its first wait before the head goes out, so that it can still write headers.
		const first = output.next();
		first.catch(() => {});
		await this.#sendHead();
		const send = (result: IteratorResult<unknown>): void => {
			if (this.#stream.closed) return;
			if (result.done === true) {
				this.#output = undefined;
				this.#end();
				ended();
				return;
			}
			// The next message is asked for as soon as there is room for it.
			const wait = this.#stream.send(this.#call.encode<EncodedMessage>(codec, result.value));
			if (wait === undefined) next();
			else wait.then(next);
		};
		const onResult = (result: IteratorResult<unknown>): void => {
			try {
				send(result);
			} catch (error) {
				failed(error);
			}
		};
		const ask = output.reader(onResult, failed);
		const next = (): void => {
			if (!this.#stream.closed) ask();
		};
		onResult(await first);
	}

	/** Sends the head on its own. Waits while the send queue is full. */
	async #sendHead(): Promise<void> {
		const { queue } = this.#stream.connection;
		while (!queue.hasRoom && !this.#stream.closed) await queue.whenRoom();
		if (!this.#stream.closed) sendHead(this.#stream, this.#call.response, 0, undefined, 0);
	}

	#end(): void {
		if (!this.#stream.closed) sendEnd(this.#stream, this.#call.response);
	}
}

function overfull(): ServiceError {
	const message = "the reply has no room: too many others wait to be read on this connection";
	return new ServiceError({ code: "resource_exhausted", message });
}

function givenUp(milliseconds: number): ServiceError {
	const message = `the reply was given up, as nothing of it was read for ${milliseconds} ms`;
	return new ServiceError({ code: "resource_exhausted", reason: "reply_timeout", message });
}
