import { canceled, deadlineExceeded, type Follower, type Following } from "../../context/cancellation.ts";
import type { Context } from "../../context/context.ts";
import { noMetadata } from "../../context/metadata.ts";
import type { Method } from "../../contract/method.ts";
import type { ReadonlyMetadata } from "../../errors/readonly-metadata.ts";
import { type ServiceError, serviceErrorFrom, toServiceError } from "../../errors/service-error.ts";
import type { Expiring } from "../../transport/deadlines.ts";
import type { Place } from "../../transport/linked-list.ts";
import { decodeBytes, readMessage } from "../../transport/message-text.ts";
import { ownDeadline } from "../../transport/own-deadline.ts";
import { messageTooLarge, unreachable } from "../../transport/transport-errors.ts";
import { joined } from "./envelope.ts";
import { readHeaders } from "./headers.ts";
import type { HttpCallee } from "./http-callee.ts";
import {
	connectionLost,
	foreign,
	hasType,
	isCompressed,
	protocolError,
	type ResponseHeaders,
	responseError,
	unreadable,
} from "./response-error.ts";

/** The outgoing side of a call, for one version of HTTP. */
export interface HttpExit {
	/** Ends the request at once, because its call has ended with this error. */
	abort(error: ServiceError): void;
	/** Pauses the bytes of the response. */
	pause(): void;
	resume(): void;
}

/** The calls of which one is a part while it is in flight. */
export interface CallsInFlight {
	/** A call is over. */
	left(place: Place): void;
}

/**
 * The client's side of one call over HTTP. It owns the pending promise and settles it once: by the answer, an
 * error, the context's end, or the end of the connection.
 */
export abstract class HttpCall implements Follower, Expiring {
	/** Settles as the endpoint does. */
	readonly promise: Promise<unknown>;
	readonly deadline: number;
	protected readonly callee: HttpCallee;
	protected readonly ctx: Context;
	protected status = 0;
	protected headers: ResponseHeaders = {};
	protected over = false;
	#resolve: (output: unknown) => void = nothing;
	#reject: (error: ServiceError) => void = nothing;
	#exit: HttpExit | undefined;
	/** The calls in flight, its place among them, and the subscription to its cancellation. */
	#calls: CallsInFlight | undefined;
	#place: Place | undefined;
	#following: Following | undefined;
	#chunks: Uint8Array[] = [];
	#held = 0;

	constructor(callee: HttpCallee, ctx: Context) {
		this.callee = callee;
		this.ctx = ctx;
		this.deadline = ctx.deadline;
		this.promise = new Promise((resolve, reject) => {
			this.#resolve = resolve;
			this.#reject = reject;
		});
	}

	/** Whether the call has ended. It may fail while it is sent. */
	get isOver(): boolean {
		return this.over;
	}

	/**
	 * Makes the call end when its context is cancelled, now that the request is in progress. Its owner watches the
	 * deadline.
	 *
	 * @param calls the calls in flight, which it leaves when it is over, whatever its outcome.
	 * @param place its place among them.
	 */
	follow(calls: CallsInFlight, place: Place): void {
		this.#calls = calls;
		this.#place = place;
		this.#following = this.ctx["~cancellation"].follow(this);
		// The context may have ended in the meantime.
		if (this.over) this.#letGo();
	}

	/** The context was cancelled. */
	onEnd(error: ServiceError): void {
		this.abort(error);
	}

	onDeadline(): void {
		this.abort(this.ctx.error ?? deadlineExceeded());
	}

	/** Notes how the request is ended. */
	began(exit: HttpExit): void {
		this.#exit = exit;
		if (this.over) exit.abort(canceled());
	}

	/** Takes the head of the response. */
	answered(status: number, headers: ResponseHeaders): void {
		this.status = status;
		this.headers = headers;
	}

	/** Takes bytes of the response's body. */
	abstract received(chunk: Uint8Array): void;

	/** Notes that the response is complete. */
	abstract completed(): void;

	/** Notes that the request failed; `sent` tells whether any of it may have reached the server. */
	failed(error: unknown, sent: boolean): void {
		const { method, address } = this.callee;
		if (sent) this.fail(connectionLost(method, error));
		else {
			const refused = unreachable(address, error);
			this.fail(serviceErrorFrom(refused, { notExecuted: true, domain: method.service }));
		}
	}

	/** Ends the call from this side. */
	abort(error: unknown): void {
		if (this.over) return;
		const failure = toServiceError(error);
		this.fail(failure);
		this.#exit?.abort(failure);
	}

	/** Ends the call with an error. */
	protected fail(error: ServiceError): void {
		if (this.over) return;
		this.close();
		this.#reject(error);
	}

	protected resolve(output: unknown): void {
		this.#resolve(output);
	}

	protected pause(): void {
		this.#exit?.pause();
	}

	protected resume(): void {
		this.#exit?.resume();
	}

	/** Ignores everything that arrives from now on. */
	protected close(): void {
		this.over = true;
		this.#letGo();
		this.#chunks.length = 0;
	}

	#letGo(): void {
		if (this.#place !== undefined) this.#calls?.left(this.#place);
		this.#place = undefined;
		this.#following?.stop();
		this.#following = undefined;
	}

	/** Holds a part of a body that is one message or an error. */
	protected hold(chunk: Uint8Array): void {
		this.#held += chunk.length;
		if (this.#held > this.callee.maxMessageBytes) this.abort(messageTooLarge(this.callee.maxMessageBytes));
		else this.#chunks.push(chunk);
	}

	/** Ends the call with the body that was held: the output, or the error. */
	protected finishBody(): void {
		if (this.over) return;
		const { method, contentType } = this.callee;
		let body: Uint8Array;
		try {
			body = this.#inflated(joined(this.#chunks, this.#held));
		} catch (error) {
			this.fail(foreign(method, toServiceError(error)));
			return;
		}
		const trailers = this.#receiveHeaders();
		if (this.status !== 200) this.fail(this.#error(body, trailers));
		else if (!hasType(this.headers, contentType)) this.fail(wrongType(method, this.headers));
		else this.#decode(body);
	}

	/** Hands headers and trailers to the caller, if the caller wants them. Returns the trailers, which errors have, too. */
	#receiveHeaders(): ReadonlyMetadata {
		const received = this.ctx["~received"];
		if (received === undefined && this.status === 200) return noMetadata;
		const { headers, trailers } = readHeaders(this.headers, true);
		received?.["~receive"]("headers", headers);
		received?.["~receive"]("trailers", trailers);
		return trailers;
	}

	/** The body as it was before the server compressed it. */
	#inflated(body: Uint8Array): Uint8Array {
		const { compression, maxMessageBytes } = this.callee;
		return isCompressed(this.headers, "content-encoding", compression)
			? compression.inflate(body, maxMessageBytes)
			: body;
	}

	/** The error for an answer with a status other than 200. Errors are JSON, whatever the format. */
	#error(body: Uint8Array, trailers: ReadonlyMetadata): ServiceError {
		const { method, bytes } = this.callee;
		const text = readMessage(bytes, body, 0, body.length);
		return ownDeadline(responseError(this.status, this.headers, text, method, trailers), this.ctx);
	}

	#decode(body: Uint8Array): void {
		const { method, codecs, bytes } = this.callee;
		let output: unknown;
		try {
			output = decodeBytes(codecs.output, bytes, body);
		} catch (cause) {
			this.fail(unreadable(method, "the answer", codecs.output, cause));
			return;
		}
		this.close();
		this.#resolve(output);
	}
}

function wrongType(method: Method, headers: ResponseHeaders): ServiceError {
	const type = JSON.stringify(headers["content-type"] ?? "");
	return protocolError(method, `the answer to ${method.path} has the content type ${type}`);
}

function nothing(): void {}
