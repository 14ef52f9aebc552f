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
 * A protocol over HTTP on the port. The port's own protocols, which are Connect, REST, event streams and the operations
 * routes, are values of this type as well.
 *
 * @example
 * await listen(endpoints, { protocols: [batch()] });
 */
export interface PortProtocol {
	/** For logs, errors and the front page. */
	readonly name: string;
	/** The requests that belong to this protocol. */
	readonly claims: readonly Claim[];
	/** Called once, before the port listens. If it throws, the server does not start. */
	open(port: Port): OpenProtocol;
}

/**
 * The requests that a protocol takes. Claims are asked in the order of {@link precedence}. The server does not start
 * when two claims ask for the same requests, or when a claim asks for a path of a route or a method.
 */
export type Claim = ContentTypeClaim | PathClaim | MatchClaim;

/** Requests by their content type: `application/grpc` itself, with a suffix such as `+proto`, or with parameters. */
export interface ContentTypeClaim {
	readonly contentType: string;
	/** Whether the claim is limited to requests of HTTP/2. Default: false. */
	readonly http2?: boolean;
}

/** Requests by their path: `/mcp`, or `/v1/*` for all paths below it. */
export interface PathClaim {
	readonly path: string;
	/** Default: all. */
	readonly verbs?: readonly string[];
}

/** Claims requests by anything in their heads. The decision may depend on the served endpoints. */
export interface MatchClaim {
	match(request: HttpRequest, endpoints: EndpointTable): boolean;
}

/**
 * The order in which claims are asked for a request. The first that fits takes it. Among claims on a path, an exact
 * path comes before `/*`, and a longer one before a shorter one. Among claims that match, the claims of plugged-in
 * protocols come first, then REST, event streams, Connect and, for the rest, the operations routes.
 */
export const precedence = ["content type", "path", "match"] as const;

/** A protocol that a port speaks. */
export interface OpenProtocol {
	/** Takes over a request, and answers it: by `port.call`, `port.carry` or `port.answer`, or by itself. */
	handle(request: HttpRequest, response: HttpResponse): void;
	/** The port drains. Streams that never end by themselves should end now. Calls in flight are waited for anyway. */
	drain?(): Promise<void> | void;
	/** The port closes. */
	close?(): void;
}

/** Whether a process takes calls now, and what else its operator reports. */
export interface Readiness {
	readonly ok: boolean;
	readonly [fact: string]: unknown;
}

/** The port, as protocols use it. */
export interface Port {
	readonly endpoints: EndpointTable;
	readonly limits: ServerLimits;
	readonly logger: Logger;
	/** Whether clients should send no further requests. If so, answers over HTTP/1.1 end their connections. */
	readonly draining: boolean;
	/** The operator's report about this process. */
	ready(): Readiness | Promise<Readiness>;
	/**
	 * Calls one method for one request, with its whole middleware. The call counts as in flight until its answer has
	 * left. It is bounded, cancelled and drained as all calls are.
	 */
	call(request: HttpRequest, response: HttpResponse, options: CallOptions): void;
	/**
	 * Opens one request that carries calls. The guard is asked about the path of the request before its body is
	 * read. The request counts as in flight until it is answered, even when this rejects.
	 *
	 * @throws ServiceError when the guard refuses the request; the protocol must answer with it.
	 */
	carry(request: HttpRequest, response: HttpResponse, options?: CarryOptions): Promise<Carrier>;
	/**
	 * Asks the guard about a request that is not a call, before its body is read.
	 *
	 * @throws ServiceError that the client may see.
	 */
	admit(request: HttpRequest): Promise<void>;
	/**
	 * Asks the guard about a request that is not a call, and gives the answer that `make` yields. It answers an error
	 * of either.
	 */
	respond(request: HttpRequest, response: HttpResponse, make: () => Answer | Promise<Answer>): void;
	/** Gives a whole answer to a request that is not a call, unless the client is gone. */
	answer(request: HttpRequest, response: HttpResponse, answer: Answer): void;
}

/** How a request calls a method. */
export interface CallOptions {
	/** `service/method`. */
	readonly path: string;
	/** Makes the object that reads the input and writes the answer. */
	readonly protocol: (exchange: Exchange) => CallProtocol;
	/** The parsed head, where the protocol has read it already. */
	readonly head?: RequestHead;
	/**
	 * How long the caller will wait, in milliseconds. Default: the value of `connect-timeout-ms`, else without limit.
	 */
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
	/** Reads the body, bounded in bytes and time as every body is. It can be called once. */
	body(): Promise<Uint8Array>;
	/**
	 * Calls a method with its whole middleware, including the guard for `service/method`. The call ends with the
	 * carrier.
	 */
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
	/** Default: the metadata of the request. */
	readonly metadata?: ReadonlyMetadata;
	/** How long the caller will wait, in milliseconds. Default: without limit. */
	readonly timeoutMs?: number;
}

/** One call of a carrier. */
export interface CarriedCall {
	/**
	 * The output, or an `AsyncIterable` of messages for a method that yields a stream. The call settles when the
	 * output is there, or when the stream was consumed. Rejects with `ServiceError`.
	 */
	readonly output: Promise<unknown>;
	/** The headers and trailers that the handler sets. */
	readonly response: ResponseMetadata;
	cancel(error?: ServiceError): void;
}
