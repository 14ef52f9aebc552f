import {
	type Context,
	jsonFormat,
	type Method,
	methodCodecs,
	ServiceError,
	toServiceError,
} from "@allium/core";
import {
	deadlineExceeded,
	decodeBytes,
	type Expiring,
	type Follower,
	type Following,
	messageTooLarge,
	ownDeadline,
	serviceErrorFrom,
	standardBytes,
} from "@allium/core/transport";
import type { AsyncMessage } from "rabbitmq-client";
import type { Names } from "../names.ts";
import { bufferOf } from "./message-body.ts";
import { readReply } from "./reply-message.ts";
import { longestText } from "./request-message.ts";

/** A method as its calls need to know it, worked out once. */
export interface QueueCallee {
	readonly method: Method;
	readonly maxMessageBytes: number;
	/** @throws ServiceError for an input that cannot be encoded, or is too large. */
	encode(input: unknown): Buffer;
	/** @throws ServiceError for an answer that cannot be decoded. */
	decode(body: Buffer): unknown;
}

/**
 * @throws ServiceError `unimplemented` for a method with a name that is too long, and for a method whose messages JSON cannot carry.
 */
export function queueCallee(method: Method, maxMessageBytes: number): QueueCallee {
	const codecs = methodCodecs(method, jsonFormat);
	if (Buffer.byteLength(method.path) > longestText) {
		throw new ServiceError({
			code: "unimplemented",
			message: `${method.path} cannot be called over RabbitMQ: its name is longer than ${longestText} bytes`,
		});
	}
	if (codecs === undefined) {
		throw new ServiceError({
			code: "unimplemented",
			message: `${method.path} cannot be called over RabbitMQ: its messages have no form in JSON`,
		});
	}
	return {
		method,
		maxMessageBytes,
		encode(input) {
			const body = bufferOf(codecs.input.encode(input));
			if (body.length <= maxMessageBytes) return body;
			throw serviceErrorFrom(messageTooLarge(maxMessageBytes), { notExecuted: true });
		},
		decode: (body) => decodeBytes(codecs.output, standardBytes, body),
	};
}

/** The calls of which one is a part while it is in flight. */
export interface OutgoingCalls {
	/** A call is over, with any outcome. */
	left(call: OutgoingCall): void;
	/** The caller gave a call up before it was answered. */
	gaveUp(call: OutgoingCall, error: ServiceError): void;
}

/** A call, and its owner. */
export interface OutgoingCallOptions {
	/** No other call has it. */
	readonly id: string;
	readonly names: Names;
	/** The service to whose queue it goes. */
	readonly service: string;
	readonly callee: QueueCallee;
	readonly ctx: Context;
	/** The bytes that it holds until it is over. */
	readonly bytes: number;
	/** Its owner, which ends it by closing. */
	readonly owner: object;
}

/**
 * The client's side of one call through a queue. It owns the pending promise and settles it once: by the answer, an
 * error, the context's end, or the end of the connection. Messages that arrive for it later are ignored.
 */
export class OutgoingCall implements Follower, Expiring {
	readonly promise: Promise<unknown>;
	readonly deadline: number;
	readonly options: OutgoingCallOptions;
	/** True once the server has confirmed the message. */
	isConfirmed = false;
	readonly #calls: OutgoingCalls;
	#resolve: (output: unknown) => void = nothing;
	#reject: (error: ServiceError) => void = nothing;
	#following: Following | undefined;
	#isOver = false;

	constructor(calls: OutgoingCalls, options: OutgoingCallOptions) {
		this.#calls = calls;
		this.options = options;
		this.deadline = options.ctx.deadline;
		this.promise = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
	}

	get isOver(): boolean {
		return this.#isOver;
	}

	/** Ends with its context, at once where that has ended. */
	follow(): void {
		const following = this.options.ctx["~cancellation"].follow(this);
		if (this.#isOver) following.stop();
		else this.#following = following;
	}

	/** Ends it, because its caller or its owner gave it up. */
	abort(error: ServiceError): void {
		if (this.#isOver) return;
		this.fail(error);
		this.#calls.gaveUp(this, error);
	}

	/** The context ended. */
	onEnd(error: ServiceError): void {
		this.abort(error);
	}

	onDeadline(): void {
		this.abort(this.options.ctx.error ?? deadlineExceeded());
	}

	answered(message: AsyncMessage): void {
		if (this.#isOver) return;
		const { callee, ctx } = this.options;
		try {
			const reply = readReply(message, callee.method, ctx);
			if (!reply.ok) this.fail(ownDeadline(reply.error, ctx));
			else if (reply.body.length > callee.maxMessageBytes) this.fail(messageTooLarge(callee.maxMessageBytes));
			else this.#succeed(callee.decode(reply.body));
		} catch (error) {
			this.fail(toServiceError(error));
		}
	}

	/** Ends it with an error from the way there. */
	fail(error: ServiceError): void {
		if (this.#isOver) return;
		this.#close();
		this.#reject(error);
	}

	#succeed(output: unknown): void {
		this.#close();
		this.#resolve(output);
	}

	#close(): void {
		this.#isOver = true;
		this.#following?.stop();
		this.#calls.left(this);
	}
}

function nothing(): void {}
