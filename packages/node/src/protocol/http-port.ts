import type { EndpointTable, Logger } from "@allium/core";
import { ServerCall, SparingLog } from "@allium/core/transport";
import type { BodyBounds, PendingBody } from "../http/body.ts";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import { readHead } from "../http/read-head.ts";
import type { ServerLimits } from "../server/limits.ts";
import { Overdue } from "../server/overdue.ts";
import { admit } from "./admission.ts";
import { type Answer, answerTo } from "./answer.ts";
import { CallDeadlines } from "./call-deadlines.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import { HttpCarrier } from "./http-carrier.ts";
import type { CallOptions, Carrier, CarryOptions, Port, Readiness } from "./port-protocol.ts";

/** The parts of a port. */
export interface HttpPortOptions {
	readonly endpoints: EndpointTable;
	readonly limits: ServerLimits;
	readonly logger: Logger;
	readonly ready: () => Readiness | Promise<Readiness>;
}

/** The port as its protocols see it: the endpoints, the bounds, and the requests under way. */
export class HttpPort implements Port, ExchangeHost {
	readonly endpoints: EndpointTable;
	readonly limits: ServerLimits;
	readonly logger: Logger;
	readonly bodyBounds: BodyBounds;
	readonly deadlines: CallDeadlines = new CallDeadlines();
	draining = false;
	/** The log for events that strangers can cause. */
	readonly #sparing: SparingLog;
	readonly #ready: () => Readiness | Promise<Readiness>;
	#inFlight = 0;
	readonly #idle = Promise.withResolvers<void>();

	constructor({ endpoints, limits, logger, ready }: HttpPortOptions) {
		this.endpoints = endpoints;
		this.limits = limits;
		this.logger = logger;
		this.#sparing = new SparingLog(logger);
		this.#ready = ready;
		this.bodyBounds = {
			maxBytes: limits.messageBytes,
			timeoutMs: limits.bodyTimeoutMs,
			pending: new Overdue<PendingBody>(limits.bodyTimeoutMs, (body) => body.expire()),
			maxHeldBytes: limits.heldBodyBytes,
			heldBytes: 0,
		};
	}

	ready(): Readiness | Promise<Readiness> {
		return this.#ready();
	}

	call(request: HttpRequest, response: HttpResponse, options: CallOptions): void {
		const { path, protocol, head = readHead(request), timeoutMs = head.timeoutMs } = options;
		const { metadata } = head;
		const call = new ServerCall(this.endpoints, { path, metadata, peer: request.peer, timeoutMs });
		const exchange = new Exchange(this, request, response, head, call);
		exchange.begin(protocol(exchange));
	}

	async carry(request: HttpRequest, response: HttpResponse, options: CarryOptions = {}): Promise<Carrier> {
		this.entered();
		response.onClose(() => this.left());
		await this.admit(request);
		return new HttpCarrier(this, this.endpoints, request, response, options);
	}

	admit(request: HttpRequest): Promise<void> {
		return admit(this.endpoints, request);
	}

	respond(request: HttpRequest, response: HttpResponse, make: () => Answer | Promise<Answer>): void {
		answerTo(this, request, response, () => this.admit(request).then(make));
	}

	answer(request: HttpRequest, response: HttpResponse, answer: Answer): void {
		if (response.isClosed) return;
		const closes = this.draining && request.version === 1;
		const headers = {
			"content-type": answer.type,
			"cache-control": "no-store",
			...answer.headers,
			...(closes && { connection: "close" }),
		};
		response.answer(answer.status, headers, answer.text);
	}

	entered(): void {
		this.#inFlight++;
	}

	left(): void {
		this.#inFlight--;
		if (this.draining) this.#check();
	}

	repeatsHeader(header: string, method: string | undefined): void {
		this.#sparing.warn("a response header has several values, but HTTP takes one: the first was sent", {
			method,
			header,
		});
	}

	/** Resolves when no request is in flight. */
	drain(): Promise<void> {
		this.draining = true;
		this.#check();
		return this.#idle.promise;
	}

	/** Ends the timers. Resolves when no request is in flight. */
	close(): Promise<void> {
		this.bodyBounds.pending.close();
		this.deadlines.close();
		return this.drain();
	}

	#check(): void {
		if (this.#inFlight === 0) this.#idle.resolve();
	}
}
