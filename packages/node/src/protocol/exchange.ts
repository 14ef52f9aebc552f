import type { OutgoingHttpHeaders } from "node:http";
import { type Codec, type ReadonlyMetadata, type ServiceError, toServiceError } from "@allium/core";
import {
	canceled,
	type Expiring,
	type Follower,
	type Following,
	messageTooLarge,
	type Place,
	type ServerCall,
	succeeded,
} from "@allium/core/transport";
import { Body, decodeMessage } from "../http/body.ts";
import { decodeContent } from "../http/content-coding.ts";
import { writeMetadata } from "../http/headers.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import type { RequestHead } from "../http/request-head.ts";
import { countRun, mayEnd } from "./connection-load.ts";
import type { ExchangeHost } from "./exchange-host.ts";

/** How a protocol reads the input of one call and writes its answer. The exchange does everything else. */
export interface CallProtocol {
	/**
	 * Returns the input, a promise of it, or a stream of messages for methods that take one. It is called when the
	 * guard has let the call in. An error that it throws is answered.
	 */
	read(): unknown;
	/** Answers the result of the method: its output, or an `AsyncIterable` of messages. */
	reply(output: unknown): void;
	/** Answers an error. */
	replyError(error: ServiceError): void;
	/** Ends all work for the call, because the call failed or its client is gone. */
	stop?(error: ServiceError): void;
}

/**
 * One request that calls a method, and its answer. It owns the call: it runs it, bounds it, and cancels it when the
 * client is gone. It makes its protocol answer once, and settles the call when the answer has left.
 */
export class Exchange implements Expiring, Follower {
	readonly deadline: number;
	readonly host: ExchangeHost;
	readonly request: HttpRequest;
	readonly response: HttpResponse;
	readonly head: RequestHead;
	readonly call: ServerCall;
	#protocol: CallProtocol | undefined;
	/** The whole answer was handed over, or the client is gone. */
	#isOver = false;
	/** The error that was answered. */
	#error: ServiceError | undefined;
	#isClosed = false;
	#body: { fail(error: ServiceError): void } | undefined;
	/**
	 * The deadline's place among the watched ones, if the call has a deadline, and the subscription to its
	 * cancellation.
	 */
	#due: Place | undefined;
	#following: Following | undefined;

	constructor(
		host: ExchangeHost,
		request: HttpRequest,
		response: HttpResponse,
		head: RequestHead,
		call: ServerCall,
	) {
		this.host = host;
		this.request = request;
		this.response = response;
		this.head = head;
		this.call = call;
		this.deadline = call.ctx.deadline;
	}

	/** Whether the whole answer was handed over, or the client is gone. Nothing more is answered then. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** `service/method`, as far as it is known. */
	get path(): string | undefined {
		return this.call.served?.method.path;
	}

	/** Runs the call; its protocol answers it. */
	begin(protocol: CallProtocol): void {
		this.#protocol = protocol;
		this.host.entered();
		this.response.onClose(this.#onClose);
		const run = this.call.run(() => protocol.read());
		run.then(this.#onOutput, this.#onError);
		const { load } = this.request;
		if (load !== undefined) countRun(load, run);
		if (this.#isOver) return;
		const isTimed = this.deadline !== Number.POSITIVE_INFINITY;
		// Only this exchange can cancel a unary call without a deadline.
		if (isTimed || this.call.hasStream) this.#following = this.call.follow(this);
		if (isTimed && !this.#isOver) this.#due = this.host.deadlines.add(this);
	}

	/** The deadline has passed. To read the error makes the call notice that. */
	onDeadline(): void {
		void this.call.ctx.error;
	}

	/** The call was cancelled, or its deadline has passed. Its caller learns of it even if the handler hangs. */
	onEnd(error: ServiceError): void {
		this.fail(error);
	}

	/**
	 * Reads the body as one message, at once when all of it has arrived.
	 *
	 * @throws ServiceError; a promise rejects with the same error.
	 */
	readBody(codec: Codec): unknown {
		const bytes = this.#takeBody();
		return bytes === undefined
			? this.#awaitBody((late) => decodeMessage(codec, late))
			: decodeMessage(codec, bytes);
	}

	/**
	 * Reads the body as bytes, at once when all of it has arrived.
	 *
	 * @throws ServiceError, or the error of `decode`; a promise rejects with the same error.
	 */
	readBytes<Message>(decode: (bytes: Uint8Array) => Message): Message | Promise<Message> {
		const bytes = this.#takeBody();
		return bytes === undefined ? this.#awaitBody(decode) : decode(bytes);
	}

	/** Ends the call with an error, unless it is over. */
	fail(error: unknown): void {
		if (this.#isOver) return;
		const failure = toServiceError(error);
		this.#body?.fail(failure);
		this.#error = failure;
		this.#protocol?.stop?.(failure);
		try {
			this.#protocol?.replyError(failure);
		} catch (thrown) {
			this.host.logger.log("error", "an answer could not be sent", { method: this.path, error: thrown });
			this.response.destroy();
		}
	}

	/**
	 * The headers that every answer has.
	 *
	 * @param contentType undefined when the answer has none, or when the caller sets it.
	 * @param withMetadata whether metadata is added to them.
	 */
	headers(contentType: string | undefined, withMetadata = true): OutgoingHttpHeaders {
		// An object without a prototype gives no name of metadata another meaning; but such an object is slow.
		const headers: OutgoingHttpHeaders = withMetadata ? Object.create(null) : {};
		if (contentType !== undefined) headers["content-type"] = contentType;
		if (this.host.draining && this.request.version === 1) headers.connection = "close";
		return headers;
	}

	/** Adds metadata to the headers of the answer. */
	addMetadata(headers: OutgoingHttpHeaders, metadata: ReadonlyMetadata, prefix?: string): void {
		const excess = writeMetadata(headers, metadata, prefix);
		if (excess !== undefined) this.host.repeatsHeader(excess, this.path);
	}

	/** Sends the last part of the answer. Without a part, the answer ends as it is. */
	finish(last?: string | Uint8Array): void {
		this.#isOver = true;
		this.#letGo();
		if (mayEnd(this.request, this.response, last)) this.response.end(last);
	}

	/** Sends the whole answer. The head gets the length of the body. */
	answer(status: number, headers: OutgoingHttpHeaders, body: string | Uint8Array): void {
		this.#isOver = true;
		this.#letGo();
		if (mayEnd(this.request, this.response, body)) this.response.answer(status, headers, body);
	}

	/** Answers with a head alone. */
	finishWithHead(status: number, headers: OutgoingHttpHeaders): void {
		this.#isOver = true;
		this.#letGo();
		this.response.endWithHead(status, headers);
	}

	#takeBody(): Uint8Array | undefined {
		const { maxBytes } = this.host.bodyBounds;
		const { contentLength, contentEncoding } = this.head;
		if (contentLength !== undefined && contentLength > maxBytes) throw messageTooLarge(maxBytes);
		const bytes = this.request.takeBody();
		if (bytes === undefined) return undefined;
		if (bytes.length > maxBytes) throw messageTooLarge(maxBytes);
		return contentEncoding === undefined ? bytes : decodeContent(bytes, contentEncoding, maxBytes);
	}

	#awaitBody<Message>(decode: (bytes: Uint8Array) => Message): Promise<Message> {
		return new Promise((resolve, reject) => {
			const { contentEncoding } = this.head;
			this.#body = new Body(this.request, this.host.bodyBounds, contentEncoding, decode, resolve, reject);
		});
	}

	#letGo(): void {
		this.#following?.stop();
		this.#due?.leave();
	}

	readonly #onOutput = (output: unknown): void => {
		if (this.#isOver) return;
		try {
			this.#protocol?.reply(output);
		} catch (error) {
			this.fail(error);
		}
	};

	readonly #onError = (error: unknown): void => this.fail(error);

	readonly #onClose = (): void => {
		if (this.#isClosed) return;
		this.#isClosed = true;
		this.#letGo();
		const isDelivered = this.#isOver && this.response.isDelivered;
		this.#isOver = true;
		if (!isDelivered) {
			const error = canceled();
			this.#body?.fail(error);
			this.call.cancel(error);
			this.#protocol?.stop?.(error);
			this.call.settle({ ok: false, error });
		} else if (this.#error === undefined) this.call.settle(succeeded);
		else this.call.settle({ ok: false, error: this.#error });
		this.host.left();
	};
}
