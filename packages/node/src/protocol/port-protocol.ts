import type { OutgoingHttpHeaders } from "node:http";
import type {
	Context,
	EndpointTable,
	Logger,
	ReadonlyMetadata,
	ResponseMetadata,
	ServiceError,
} from "@allium/core";
import type { HttpRequest } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import type { RequestHead } from "../http/request-head.ts";
import type { ServerLimits } from "../server/limits.ts";
import type { Answer } from "./answer.ts";
import type { CallProtocol, Exchange } from "./exchange.ts";

/**
 * A protocol that is spoken over HTTP on the one port, beside the port's own: Connect, REST, event streams and the
 * operations routes, which are values of this type, too.
 *
 * @example
 * await listen(endpoints, { protocols: [batch()] });
 */
export interface PortProtocol {
	/** For logs, errors and the front page. */
	readonly name: string;
	/** The requests that are this protocol's. */
	readonly claims: readonly Claim[];
	/** Called once, before the port listens. What it throws keeps the server from starting. */
	open(port: Port): OpenProtocol;
}

/**
 * Which requests a protocol takes. Claims are asked in the order of {@link precedence}; two that ask for the same are
 * refused when the server starts, and so is a path that a route or a method has.
 */
export type Claim = ContentTypeClaim | PathClaim | MatchClaim;

/** Requests by their content type: `application/grpc` itself, with a suffix such as `+proto`, with parameters. */
export interface ContentTypeClaim {
	readonly contentType: string;
	/** Whether only requests of HTTP/2 are meant. Default: false. */
	readonly http2?: boolean;
}

/** Requests by their path: `/mcp`, or `/v1/*` for all below it. */
export interface PathClaim {
	readonly path: string;
	/** Default: all. */
	readonly verbs?: readonly string[];
}

/** Requests by whatever their head says, where it depends on what is served. */
export interface MatchClaim {
	match(request: HttpRequest, endpoints: EndpointTable): boolean;
}

/**
 * The order in which claims are asked for a request; the first that fits takes it. Among claims on a path, the exact
 * one comes before `/*`, and the longer before the shorter. Among claims that match, those of plugged-in protocols
 * come first, then REST, event streams, Connect and, for what is left, the operations routes.
 */
export const precedence = ["content type", "path", "match"] as const;

/** A protocol that a port speaks. */
export interface OpenProtocol {
	/** Takes a request over, and answers it: by `port.call`, `port.carry` or `port.answer`, or by itself. */
	handle(request: HttpRequest, response: HttpResponse): void;
	/** The port drains: streams that never end by themselves should end now. Calls in flight are waited for anyway. */
	drain?(): Promise<void> | void;
	/** The port closes. */
	close?(): void;
}

/** Whether a process takes calls now, and whatever else is good to know. */
export interface Readiness {
	readonly ok: boolean;
	readonly [fact: string]: unknown;
}

/** The port, as protocols use it. */
export interface Port {
	readonly endpoints: EndpointTable;
	readonly limits: ServerLimits;
	readonly logger: Logger;
	/** Whether no further requests should come: over HTTP/1.1, answers end their connections. */
	readonly draining: boolean;
	/** What the operator says of this process. */
	ready(): Readiness | Promise<Readiness>;
	/**
	 * Has one request call one method, through the whole onion. The call counts as in flight until its answer has left;
	 * it is bounded, cancelled and drained as all calls are.
	 */
	call(request: HttpRequest, response: HttpResponse, options: CallOptions): void;
	/**
	 * Opens one request that carries calls. The guard is asked for the path of the request before its body is read.
	 * The request counts as in flight until it is answered, also when this rejects.
	 *
	 * @throws ServiceError when the guard refuses the request; it is the protocol's to answer.
	 */
	carry(request: HttpRequest, response: HttpResponse, options?: CarryOptions): Promise<Carrier>;
	/**
	 * Asks the guard about a request that is no call, before its body is read.
	 *
	 * @throws ServiceError that the client may see.
	 */
	admit(request: HttpRequest): Promise<void>;
	/** Lets a request in that is no call, and gives the answer that `make` yields; or the error of either. */
	respond(request: HttpRequest, response: HttpResponse, make: () => Answer | Promise<Answer>): void;
	/** Gives a whole answer that is no call's, unless the client is gone. */
	answer(request: HttpRequest, response: HttpResponse, answer: Answer): void;
}

/** How a request calls a method. */
export interface CallOptions {
	/** `service/method`. */
	readonly path: string;
	/** Makes what reads the input and writes the answer. */
	readonly protocol: (exchange: Exchange) => CallProtocol;
	/** What the head says, where the protocol has read it already. */
	readonly head?: RequestHead;
	/** How long the caller will wait, in milliseconds. Default: as `connect-timeout-ms` says, else for ever. */
	readonly timeoutMs?: number;
}

/** How a request that carries calls is opened. */
export interface CarryOptions {
	/** The most that its body may take, in bytes. Default: `limits.messageBytes`. */
	readonly maxBytes?: number;
}

/** One request that carries calls: a batch, or a session. */
export interface Carrier {
	readonly head: RequestHead;
	/** Ends when the client is gone, or the answer has left. */
	readonly ctx: Context;
	/** The body, bounded in bytes and time as every body is. Asked for once. */
	body(): Promise<Uint8Array>;
	/** Calls a method through the whole onion, the guard for `service/method` included. It ends with the carrier. */
	call(path: string, input: unknown, options?: CarriedCallOptions): CarriedCall;
	/** Answers in one piece. */
	answer(status: number, headers: OutgoingHttpHeaders, body?: string | Uint8Array): void;
	/** Answers piece by piece. */
	stream(status: number, headers: OutgoingHttpHeaders): CarrierStream;
}

/** The answer of a carrier, piece by piece. */
export interface CarrierStream {
	/** Resolves when the client has room for more, or is gone. */
	write(chunk: string | Uint8Array): Promise<void>;
	end(chunk?: string | Uint8Array): void;
}

/** How a carried call is made. */
export interface CarriedCallOptions {
	/** Default: that of the request. */
	readonly metadata?: ReadonlyMetadata;
	/** How long the caller will wait, in milliseconds. Default: for ever. */
	readonly timeoutMs?: number;
}

/** One call of a carrier. */
export interface CarriedCall {
	/**
	 * The output, or an `AsyncIterable` of messages for a method that yields a stream. The call settles when the output
	 * is there, or the stream was consumed. Rejects with `ServiceError`.
	 */
	readonly output: Promise<unknown>;
	/** The headers and trailers that the handler gives. */
	readonly response: ResponseMetadata;
	cancel(error?: ServiceError): void;
}
