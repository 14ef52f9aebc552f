import { type EncodedMessage, type MethodCodecs, type ServiceError, toServiceError } from "@allium/core";
import {
	canceled,
	deadlineExceeded,
	decodeBytes,
	type Expiring,
	messageTooLarge,
	type ServerCall,
	standardBytes,
	succeeded,
} from "@allium/core/transport";
import { bufferOf } from "./message-body.ts";
import { errorReply, type OutgoingReply, outputReply } from "./reply-message.ts";
import type { IncomingRequest } from "./request-message.ts";

/** The parts of an incoming call. */
export interface IncomingCallOptions {
	/** The service in whose queue it came. */
	readonly service: string;
	readonly request: IncomingRequest;
	/** The delivery tag of the message, by which it is acknowledged. */
	readonly deliveryTag: number;
	readonly call: ServerCall;
	readonly codecs: MethodCodecs;
	/** The most bytes of an answer. */
	readonly maxMessageBytes: number;
	/** Called once, when it has settled; without an answer where nobody waits for one. */
	readonly settled: (call: IncomingCall, reply: OutgoingReply | undefined) => void;
}

/**
 * The server's side of one call through a queue. It settles once, regardless of anything that its handler does
 * afterwards.
 */
export class IncomingCall implements Expiring {
	readonly options: IncomingCallOptions;
	readonly deadline: number;
	/** When it came, on the clock of `performance.now()`. */
	readonly beganAt: number = performance.now();
	#isOver = false;

	constructor(options: IncomingCallOptions) {
		this.options = options;
		this.deadline = options.call.ctx.deadline;
	}

	/** Resolves when the handler has ended, which may be long after the call. Never rejects. */
	run(): Promise<void> {
		const { call, codecs, request } = this.options;
		const read = (): unknown => {
			// If the method has no input, a missing message counts as an empty one.
			if (request.body.length === 0 && call.served?.method.input === undefined) return {};
			return decodeBytes(codecs.input, standardBytes, request.body);
		};
		return call.run(read).then(
			(output) => this.#answer(output),
			(error) => this.fail(toServiceError(error)),
		);
	}

	/** Ends it with an error, which its caller is told. */
	fail(error: ServiceError): void {
		if (this.#isOver) return;
		const { call, request, service } = this.options;
		this.#settle({ ok: false, error }, errorReply(request, service, error, call.response));
	}

	/** Ends it, as nobody waits for its answer. */
	abandon(): void {
		if (this.#isOver) return;
		const error = canceled();
		this.options.call.cancel(error);
		this.#settle({ ok: false, error }, undefined);
	}

	/** The handler may hang: its caller learns of the deadline all the same. */
	onDeadline(): void {
		this.fail(this.options.call.ctx.error ?? deadlineExceeded());
	}

	#answer(output: unknown): void {
		if (this.#isOver) return;
		const { call, codecs, request, maxMessageBytes } = this.options;
		let body: Buffer;
		try {
			body = bufferOf(call.encode<EncodedMessage>(codecs.output, output));
			if (body.length > maxMessageBytes) throw messageTooLarge(maxMessageBytes);
		} catch (error) {
			this.fail(toServiceError(error));
			return;
		}
		this.#settle(succeeded, outputReply(request, body, call.response));
	}

	#settle(outcome: Parameters<ServerCall["settle"]>[0], reply: OutgoingReply | undefined): void {
		this.#isOver = true;
		this.options.call.settle(outcome);
		this.options.settled(this, reply);
	}
}
