import type { OutgoingHttpHeaders } from "node:http";
import { Context, type EndpointTable } from "@allium/core";
import { callIsOver, canceled, messageTooLarge, ServerCall } from "@allium/core/transport";
import { Body } from "../http/body.ts";
import { decodeContent } from "../http/content-coding.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import { readHead } from "../http/read-head.ts";
import type { RequestHead } from "../http/request-head.ts";
import { RunningCall } from "./carried-call.ts";
import { countRun, mayEnd } from "./connection-load.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import type {
	CarriedCall,
	CarriedCallOptions,
	Carrier,
	CarrierStream,
	CarryOptions,
} from "./port-protocol.ts";

/** A request that carries calls. The calls end with it, and it is answered once. */
export class HttpCarrier implements Carrier {
	readonly head: RequestHead;
	readonly ctx: Context;
	readonly #host: ExchangeHost;
	readonly #endpoints: EndpointTable;
	readonly #request: HttpRequest;
	readonly #response: HttpResponse;
	readonly #maxBytes: number;
	readonly #calls = new Set<RunningCall>();
	#body: Body<Uint8Array> | undefined;

	constructor(
		host: ExchangeHost,
		endpoints: EndpointTable,
		request: HttpRequest,
		response: HttpResponse,
		{ maxBytes = host.bodyBounds.maxBytes }: CarryOptions,
	) {
		this.#host = host;
		this.#endpoints = endpoints;
		this.#request = request;
		this.#response = response;
		this.#maxBytes = maxBytes;
		this.head = readHead(request);
		const { ctx, cancel } = Context.background().withCancel();
		this.ctx = ctx;
		const closed = (): void => {
			const error = response.isDelivered ? callIsOver : canceled();
			cancel(error);
			this.#body?.fail(error);
			for (const call of this.#calls) call.cancel(error);
		};
		if (response.isClosed) closed();
		else response.onClose(closed);
	}

	async body(): Promise<Uint8Array> {
		const { contentLength, contentEncoding } = this.head;
		const maxBytes = this.#maxBytes;
		if (contentLength !== undefined && contentLength > maxBytes) throw messageTooLarge(maxBytes);
		const bytes = this.#request.takeBody();
		if (bytes !== undefined) {
			if (bytes.length > maxBytes) throw messageTooLarge(maxBytes);
			return decodeContent(bytes, contentEncoding, maxBytes);
		}
		return new Promise((resolve, reject) => {
			const bounds = this.#host.bodyBounds;
			this.#body = new Body(this.#request, bounds, contentEncoding, same, resolve, reject, maxBytes);
		});
	}

	call(path: string, input: unknown, options: CarriedCallOptions = {}): CarriedCall {
		const { metadata = this.head.metadata, timeoutMs = Number.POSITIVE_INFINITY } = options;
		const incoming = { path, metadata, peer: this.#request.peer, timeoutMs };
		const running: RunningCall = new RunningCall(this.#host, new ServerCall(this.#endpoints, incoming), () =>
			this.#calls.delete(running),
		);
		this.#calls.add(running);
		const { error } = this.ctx;
		if (error !== undefined) running.cancel(error);
		else countRun(this.#request.load, running.run(input));
		return running;
	}

	answer(status: number, headers: OutgoingHttpHeaders, body?: string | Uint8Array): void {
		if (this.#response.isClosed) return;
		const all = this.#withConnection(headers);
		if (body === undefined) this.#response.endWithHead(status, all);
		else if (mayEnd(this.#request, this.#response, body)) this.#response.answer(status, all, body);
	}

	stream(status: number, headers: OutgoingHttpHeaders): CarrierStream {
		const response = this.#response;
		let wake: (() => void) | undefined;
		response.onDrain(() => wake?.());
		this.ctx.signal.addEventListener("abort", () => wake?.());
		if (!response.isClosed) {
			response.writeHead(status, this.#withConnection(headers));
			response.flushHead();
		}
		return {
			async write(chunk) {
				if (response.isClosed || response.write(bytesOf(chunk))) return;
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			},
			end: (chunk) => {
				if (!response.isClosed && mayEnd(this.#request, response, chunk)) response.end(chunk);
			},
		};
	}

	#withConnection(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
		return this.#host.draining && this.#request.version === 1
			? { ...headers, connection: "close" }
			: { ...headers };
	}
}

function same(bytes: Uint8Array): Uint8Array {
	return bytes;
}

function bytesOf(chunk: string | Uint8Array): Uint8Array {
	return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
