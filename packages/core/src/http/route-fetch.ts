import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { Verb } from "../contract/route.ts";
import { isCode } from "../errors/code.ts";
import { reasonOf } from "../errors/reason.ts";
import { isServiceError, type ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { isObject } from "../json/is-object.ts";
import { codeOfPlainStatus } from "../routes/status.ts";
import { clientClosed, messageTooLarge } from "../transport/transport-errors.ts";
import { headerValue, isProtocolHeader } from "./connect/headers.ts";

/** A call as a request of a route. */
export interface RouteCall {
	readonly method: Method;
	readonly verb: Verb;
	readonly url: string;
	/** JSON; undefined for a verb without a body. */
	readonly body: string | undefined;
}

/** The request that a {@link RouteFetcher} sends. */
export interface RouteRequest {
	readonly method: Verb;
	readonly headers: [string, string][];
	readonly signal: AbortSignal;
	readonly redirect: "manual";
	readonly body?: string;
}

/** The response of a {@link RouteFetcher}: a part of the platform's `Response`. */
export interface RouteResponse {
	readonly ok: boolean;
	readonly status: number;
	readonly headers: { get(name: string): string | null };
	readonly body: AsyncIterable<Uint8Array> | null;
}

/** Sends a request: the platform's `fetch`, or a function that does the same. */
export type RouteFetcher = (url: string, request: RouteRequest) => Promise<RouteResponse>;

/** One request by a route, and its answer. */
export class RouteFetch {
	readonly #call: RouteCall;
	readonly #fetch: RouteFetcher;
	readonly #maxBytes: number;
	readonly #closing: AbortSignal;

	/** @param closing ends the request with the client. */
	constructor(call: RouteCall, fetch: RouteFetcher, maxBytes: number, closing: AbortSignal) {
		this.#call = call;
		this.#fetch = fetch;
		this.#maxBytes = maxBytes;
		this.#closing = closing;
	}

	/**
	 * Sends it. Resolves with the body of an answer of success.
	 *
	 * @throws ServiceError for any other answer, and when there is none.
	 */
	async run(ctx: Context): Promise<Uint8Array> {
		const ending = new AbortController();
		const end = (): void => ending.abort();
		ctx.signal.addEventListener("abort", end);
		this.#closing.addEventListener("abort", end);
		try {
			const response = await this.#send(ctx, ending.signal);
			const body = await this.#read(response);
			if (response.ok) return body;
			throw errorOf(this.#call, response, body);
		} catch (error) {
			throw this.#explained(error, ctx);
		} finally {
			ctx.signal.removeEventListener("abort", end);
			this.#closing.removeEventListener("abort", end);
		}
	}

	#send(ctx: Context, signal: AbortSignal): Promise<RouteResponse> {
		const { verb, url, body } = this.#call;
		const headers: [string, string][] = [["accept", "application/json"]];
		for (const [name, value] of ctx.outgoing) {
			if (!isProtocolHeader(name)) headers.push([name, headerValue(value)]);
		}
		if (body !== undefined) headers.push(["content-type", "application/json"]);
		return this.#fetch(url, {
			method: verb,
			headers,
			signal,
			redirect: "manual",
			...(body !== undefined && { body }),
		});
	}

	async #read(response: RouteResponse): Promise<Uint8Array> {
		const chunks: Uint8Array[] = [];
		let length = 0;
		for await (const chunk of response.body ?? []) {
			length += chunk.length;
			if (length > this.#maxBytes) throw messageTooLarge(this.#maxBytes);
			chunks.push(chunk);
		}
		const whole = new Uint8Array(length);
		let at = 0;
		for (const chunk of chunks) {
			whole.set(chunk, at);
			at += chunk.length;
		}
		return whole;
	}

	#explained(error: unknown, ctx: Context): ServiceError {
		if (isServiceError(error)) return error;
		if (ctx.error !== undefined) return ctx.error;
		if (this.#closing.aborted) return clientClosed();
		const { method, url } = this.#call;
		const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
		return serviceErrorFrom(
			{
				code: "unavailable",
				message: `no answer from ${new URL(url).origin}: ${reasonOf(cause)}`,
				cause: error,
			},
			{ notExecuted: isRefused(cause), domain: method.service },
		);
	}
}

/** The error that an answer stands for. */
function errorOf({ method, verb, url }: RouteCall, response: RouteResponse, body: Uint8Array): ServiceError {
	const { code, message, reason, data } = membersOf(body);
	const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
	return serviceErrorFrom(
		{
			code: isCode(code) ? code : codeOfPlainStatus(response.status),
			message:
				typeof message === "string"
					? message
					: `${verb} ${new URL(url).pathname} was answered ${response.status}`,
			...(typeof reason === "string" && { reason, data }),
			...(seconds >= 0 && { retryAfterMs: seconds * 1_000 }),
		},
		{ domain: method.service },
	);
}

function membersOf(body: Uint8Array): Readonly<Record<string, unknown>> {
	try {
		const value: unknown = JSON.parse(new TextDecoder().decode(body));
		return isObject(value) ? value : {};
	} catch {
		return {};
	}
}

/** Whether a request provably did not go out. */
function isRefused(cause: unknown): boolean {
	return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}
