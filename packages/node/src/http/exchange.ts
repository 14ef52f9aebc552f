import type { OutgoingHttpHeaders } from "node:http";
import { type ReadonlyMetadata, type ServiceError, toServiceError } from "@allium/core";
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
import { http2 } from "../platform/builtins.ts";
import { Body, hasArrived, readArrived } from "./body.ts";
import { writeMetadata } from "./headers.ts";
import type { HttpServer } from "./http-server.ts";
import type { Http2Load } from "./http2-load.ts";
import type { Request, RequestHead } from "./request-head.ts";
import { isDelivered, type Response } from "./response.ts";

/**
 * One request that calls a method, and its answer. It owns the call: runs it, cancels it when the client is
 * gone, answers once, and settles it when the answer is out.
 */
export abstract class Exchange implements Expiring, Follower {
	readonly deadline: number;
	protected readonly server: HttpServer;
	protected readonly request: Request;
	protected readonly response: Response;
	protected readonly head: RequestHead;
	protected readonly call: ServerCall;
	/** The whole answer was handed over, or the client is gone. */
	protected over = false;
	/** The error that was answered. */
	#error: ServiceError | undefined;
	#closed = false;
	#body: { fail(error: ServiceError): void } | undefined;
	#load: Http2Load | undefined;
	/** Where its deadline is looked after, if it has one, and what tells that the call was cancelled. */
	#due: Place | undefined;
	#following: Following | undefined;

	constructor(server: HttpServer, request: Request, response: Response, head: RequestHead, call: ServerCall) {
		this.server = server;
		this.request = request;
		this.response = response;
		this.head = head;
		this.call = call;
		this.deadline = call.ctx.deadline;
	}

	/** Runs the call. */
	begin(): void {
		this.server.entered();
		this.response.on("close", this.#onClose);
		this.#load = this.server.loadOf(this.request);
		const run = this.call.run(() => this.read());
		run.then(this.#onOutput, this.#onError);
		if (this.#load !== undefined) countRun(this.#load, run);
		if (this.over) return;
		const isTimed = this.deadline !== Number.POSITIVE_INFINITY;
		// A unary call without a deadline is cancelled by nobody but this exchange.
		if (isTimed || this.call.hasStream) this.#following = this.call.follow(this);
		if (isTimed && !this.over) this.#due = this.server.deadlines.add(this);
	}

	/** Time is up, which to ask for makes known. */
	onDeadline(): void {
		void this.call.ctx.error;
	}

	/** The call was cancelled, or its time is up: its caller learns of it, though the handler may hang. */
	onEnd(error: ServiceError): void {
		this.fail(error);
	}

	/** Yields the input; called when the guard has let the call in. */
	protected abstract read(): unknown;
	/** Answers what the endpoint yielded. */
	protected abstract onReply(output: unknown): void;
	/** Answers an error. */
	protected abstract answerError(error: ServiceError): void;
	/** Ends what still runs for the call. */
	protected abstract stop(error: ServiceError): void;

	/**
	 * Reads the body as one message: at once when all of it is there.
	 *
	 * @throws ServiceError, or what `decode` throws; a promise rejects with the same.
	 */
	protected readBody<Message>(decode: (text: string) => Message): Message | Promise<Message> {
		const { bodyBounds } = this.server;
		const { contentLength, contentEncoding } = this.head;
		if (contentLength !== undefined && contentLength > bodyBounds.maxBytes) {
			throw messageTooLarge(bodyBounds.maxBytes);
		}
		if (hasArrived(this.request)) {
			return decode(readArrived(this.request, contentEncoding, bodyBounds.maxBytes));
		}
		return new Promise((resolve, reject) => {
			this.#body = new Body(this.request, bodyBounds, contentEncoding, decode, resolve, reject);
		});
	}

	/** Ends the call with an error, unless it is over. */
	protected fail(error: unknown): void {
		if (this.over) return;
		const failure = toServiceError(error);
		this.#body?.fail(failure);
		this.#error = failure;
		this.stop(failure);
		try {
			this.answerError(failure);
		} catch (thrown) {
			this.server.logger.log("error", "an answer could not be sent", { method: this.path, error: thrown });
			this.response.destroy();
		}
	}

	/** `service/method`, as far as it is known. */
	protected get path(): string | undefined {
		return this.call.served?.method.path;
	}

	/**
	 * The headers that every answer has.
	 *
	 * @param contentType undefined when the answer has none, or says it itself.
	 * @param withMetadata whether metadata is added to them.
	 */
	protected headers(contentType: string | undefined, withMetadata = true): OutgoingHttpHeaders {
		// Without a prototype no name of metadata means anything else; but such an object is slow.
		const headers: OutgoingHttpHeaders = withMetadata ? Object.create(null) : {};
		if (contentType !== undefined) headers["content-type"] = contentType;
		if (this.server.draining && this.request.httpVersionMajor === 1) headers.connection = "close";
		return headers;
	}

	/** Adds metadata to the headers of the answer. */
	protected addMetadata(headers: OutgoingHttpHeaders, metadata: ReadonlyMetadata, prefix?: string): void {
		const excess = writeMetadata(headers, metadata, prefix);
		if (excess !== undefined) this.server.saysTwice(excess, this.path);
	}

	#letGo(): void {
		this.#following?.stop();
		this.#due?.leave();
	}

	/** Sends the last of the answer. */
	protected finish(last: string | Buffer): void {
		this.over = true;
		this.#letGo();
		if (this.#load?.isOverfull) {
			this.response.stream?.close(http2().constants.NGHTTP2_ENHANCE_YOUR_CALM);
			return;
		}
		if (this.#load !== undefined) this.#holdReply(this.#load, last.length);
		this.response.end(last);
	}

	/** Counts a reply until it is out, or the client is gone. */
	#holdReply(load: Http2Load, bytes: number): void {
		load.heldReplyBytes += bytes;
		this.response.once("close", () => {
			load.heldReplyBytes -= bytes;
		});
	}

	readonly #onOutput = (output: unknown): void => {
		try {
			this.onReply(output);
		} catch (error) {
			this.fail(error);
		}
	};

	readonly #onError = (error: unknown): void => this.fail(error);

	readonly #onClose = (): void => {
		if (this.#closed) return;
		this.#closed = true;
		this.#letGo();
		const delivered = this.over && isDelivered(this.response);
		this.over = true;
		if (!delivered) {
			const error = canceled();
			this.#body?.fail(error);
			this.call.cancel(error);
			this.stop(error);
			this.call.settle({ ok: false, error });
		} else if (this.#error === undefined) this.call.settle(succeeded);
		else this.call.settle({ ok: false, error: this.#error });
		this.server.left();
	};
}

/** Counts a handler until it has ended, which may be long after the client reset its stream. */
function countRun(load: Http2Load, run: Promise<unknown>): void {
	load.running++;
	const ended = (): void => {
		load.running--;
	};
	run.then(ended, ended);
}
