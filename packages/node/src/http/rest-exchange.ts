import { jsonCodec, ServiceError } from "@allium/core";
import {
	type RouteReply,
	type RouterMatch,
	routeErrorReply,
	routeInput,
	routeReply,
	type ServedRoute,
	unaryType,
} from "@allium/core/http";
import type { ServerCall } from "@allium/core/transport";
import { encodingRefusal, isReadEncoding, unreadEncoding } from "./content-coding.ts";
import { Exchange } from "./exchange.ts";
import type { HttpServer } from "./http-server.ts";
import { readQuery } from "./query.ts";
import type { Refusal } from "./refusal.ts";
import { checkHead, isGet, type Request, type RequestHead } from "./request-head.ts";
import type { Response } from "./response.ts";

/** What is JSON, such as `application/json` and `application/merge-patch+json`. */
const jsonType = /^application\/(?:[^;\s]+\+)?json$/;

/** A call by a REST route: input from body, query and path; status, headers and errors as the route has them. */
export class RestExchange extends Exchange {
	readonly #match: RouterMatch<ServedRoute>;
	#refusal: Refusal | undefined;

	constructor(
		server: HttpServer,
		request: Request,
		response: Response,
		head: RequestHead,
		call: ServerCall,
		match: RouterMatch<ServedRoute>,
	) {
		super(server, request, response, head, call);
		this.#match = match;
	}

	protected read(): unknown {
		const { head, request } = this;
		checkHead(head);
		if (isGet(request)) return this.#input("");
		if (!this.#hasJsonType()) throw this.#wrongType();
		if (!head.hasBody) return this.#input("");
		if (!isReadEncoding(head.contentEncoding)) {
			this.#refusal = encodingRefusal;
			throw unreadEncoding(head.contentEncoding);
		}
		return this.readBody((text) => this.#input(text));
	}

	protected onReply(output: unknown): void {
		if (this.over) return;
		let reply: RouteReply;
		try {
			reply = routeReply(this.#match.value.route, output);
		} catch (error) {
			this.server.logger.log("error", "an output cannot be written as JSON", {
				method: this.#match.value.method.path,
				error,
			});
			this.fail(error);
			return;
		}
		this.#answer(reply);
	}

	protected stop(): void {}

	protected answerError(error: ServiceError): void {
		this.#answer(routeErrorReply(this.#match.value.route.errors, error, this.#refusal?.status), error);
	}

	#answer({ status, headers: own, body }: RouteReply, error?: ServiceError): void {
		const { response } = this.call;
		const headers = this.headers(undefined, response.hasHeaders || error?.metadata !== undefined);
		if (response.hasHeaders) this.addMetadata(headers, response.headers);
		if (error?.metadata !== undefined) this.addMetadata(headers, error.metadata);
		if (error?.retryAfterMs !== undefined)
			headers["retry-after"] = String(Math.ceil(error.retryAfterMs / 1000));
		if (this.#refusal !== undefined) headers[this.#refusal.header[0]] = this.#refusal.header[1];
		// After metadata: what the route says, counts.
		Object.assign(headers, own);
		if (own["content-type"] !== undefined) headers["content-length"] = Buffer.byteLength(body);
		this.response.writeHead(status, headers);
		this.finish(body);
	}

	/** @param text the body; empty when there is none. */
	#input(text: string): unknown {
		const { url = "" } = this.request;
		const { value, parameters } = this.#match;
		return routeInput(value.coercion, {
			path: parameters,
			query: url.includes("?") ? readQuery(url) : undefined,
			body: text === "" ? undefined : jsonCodec.decode(text),
		});
	}

	/**
	 * A body without a type is taken as JSON. Not in a POST from a web page: a browser asks another site for
	 * permission before it posts JSON to it, and before any other verb, but not before it posts what has no type.
	 */
	#hasJsonType(): boolean {
		const { mediaType, hasOrigin } = this.head;
		if (mediaType !== undefined) return mediaType === unaryType || jsonType.test(mediaType);
		return !(hasOrigin && this.request.method === "POST");
	}

	#wrongType(): ServiceError {
		this.#refusal = { status: 415, header: ["accept", "application/json"] };
		const { verb, path } = this.#match.value.route;
		return new ServiceError({
			code: "invalid_argument",
			reason: "unsupported_media_type",
			message: `${verb} ${path} takes JSON; send it with the header content-type: application/json`,
		});
	}
}
