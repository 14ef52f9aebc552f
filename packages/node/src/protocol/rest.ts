import { type EndpointTable, jsonCodec, ServiceError } from "@allium/core";
import {
	isCallVerb,
	isOwnPath,
	type RouteReply,
	type RouterMatch,
	routeErrorReply,
	routeInput,
	routeReply,
	type ServedRoute,
	unaryType,
} from "@allium/core/http";
import { readText } from "../http/body.ts";
import { encodingRefusal, isReadEncoding, unreadEncoding } from "../http/content-coding.ts";
import { callPathOf, type HttpRequest, isGet } from "../http/http-request.ts";
import type { HttpResponse } from "../http/http-response.ts";
import type { RouteSearch } from "../http/known-head.ts";
import { readQuery } from "../http/query.ts";
import type { Refusal } from "../http/refusal.ts";
import { checkHead } from "../http/request-head.ts";
import { wrongVerb } from "./answer.ts";
import type { CallProtocol, Exchange } from "./exchange.ts";
import type { Claim, OpenProtocol, Port, PortProtocol } from "./port-protocol.ts";

/** JSON such as `application/json` and `application/merge-patch+json`. */
const jsonType = /^application\/(?:[^;\s]+\+)?json$/;

type Match = RouterMatch<ServedRoute>;

/** Calls by REST routes. A call of a method at its own path comes first. */
export class Rest implements PortProtocol {
	readonly name = "REST";
	readonly claims: readonly Claim[] = [
		{ match: (request: HttpRequest, endpoints: EndpointTable): boolean => this.#matches(request, endpoints) },
	];
	/** The search for the last request that was asked about. That request is handled next. */
	#last: { readonly request: HttpRequest; readonly search: RouteSearch } | undefined;
	/** How often the served services and routes have changed. */
	#version = 0;

	open(port: Port): OpenProtocol {
		const unlisten = port.endpoints.onChange?.(() => {
			this.#version++;
		});
		return {
			handle: (request, response) => this.#handle(port, request, response),
			close: () => unlisten?.(),
		};
	}

	#matches(request: HttpRequest, endpoints: EndpointTable): boolean {
		const search = this.#search(request, endpoints);
		this.#last = search.isClaimed ? { request, search } : undefined;
		return search.isClaimed;
	}

	#search(request: HttpRequest, endpoints: EndpointTable): RouteSearch {
		const { known } = request;
		const version = this.#version;
		if (known?.search?.version === version) return known.search;
		const search = { version, ...searchRoute(request, endpoints) };
		if (known !== undefined) known.search = search;
		return search;
	}

	#handle(port: Port, request: HttpRequest, response: HttpResponse): void {
		const match = this.#last?.request === request ? this.#last.search.match : undefined;
		this.#last = undefined;
		if (match === undefined) {
			port.respond(request, response, () =>
				wrongVerb(request.path, port.endpoints.routes?.verbs(request.path) ?? []),
			);
			return;
		}
		const { path } = match.value.method;
		port.call(request, response, { path, protocol: (exchange) => new RestCall(exchange, match) });
	}
}

/** Searches the route of a request. A call of a method at its own path comes first. */
function searchRoute(request: HttpRequest, endpoints: EndpointTable): Omit<RouteSearch, "version"> {
	const { routes } = endpoints;
	const { path, method: verb } = request;
	if (routes === undefined || routes.size === 0 || isOwnPath(path)) return none;
	const served = path.includes("/", 1) ? endpoints.find(callPathOf(request)) : undefined;
	if (served !== undefined && isCallVerb(served.method, verb)) return none;
	const match = routes.find(verb, path);
	// Other verbs on the root path may ask for the front page.
	return { match, isClaimed: match !== undefined || (path !== "/" && routes.verbs(path).length > 0) };
}

const none: Omit<RouteSearch, "version"> = { isClaimed: false, match: undefined };

/**
 * A call by a REST route. The input comes from body, query and path. The route decides on status, headers and errors.
 */
class RestCall implements CallProtocol {
	readonly #exchange: Exchange;
	readonly #match: Match;
	#refusal: Refusal | undefined;

	constructor(exchange: Exchange, match: Match) {
		this.#exchange = exchange;
		this.#match = match;
	}

	read(): unknown {
		const { head, request } = this.#exchange;
		checkHead(head);
		if (isGet(request)) return this.#input("");
		if (!this.#hasJsonType()) throw this.#wrongType();
		if (!head.hasBody) return this.#input("");
		if (!isReadEncoding(head.contentEncoding)) {
			this.#refusal = encodingRefusal;
			throw unreadEncoding(head.contentEncoding);
		}
		return this.#exchange.readBytes((bytes) => this.#input(readText(bytes)));
	}

	reply(output: unknown): void {
		const exchange = this.#exchange;
		let reply: RouteReply;
		try {
			reply = routeReply(this.#match.value.route, output);
		} catch (error) {
			exchange.host.logger.log("error", "an output cannot be written as JSON", {
				method: this.#match.value.method.path,
				error,
			});
			exchange.fail(error);
			return;
		}
		this.#answer(reply);
	}

	replyError(error: ServiceError): void {
		this.#answer(routeErrorReply(this.#match.value.route.errors, error, this.#refusal?.status), error);
	}

	#answer({ status, headers: own, body }: RouteReply, error?: ServiceError): void {
		const exchange = this.#exchange;
		const { response } = exchange.call;
		const headers = exchange.headers(undefined, response.hasHeaders || error?.metadata !== undefined);
		if (response.hasHeaders) exchange.addMetadata(headers, response.headers);
		if (error?.metadata !== undefined) exchange.addMetadata(headers, error.metadata);
		if (error?.retryAfterMs !== undefined)
			headers["retry-after"] = String(Math.ceil(error.retryAfterMs / 1000));
		if (this.#refusal !== undefined) headers[this.#refusal.header[0]] = this.#refusal.header[1];
		// This comes after metadata, because the route takes precedence.
		for (const name of Object.keys(own)) headers[name] = own[name];
		if (own["content-type"] === undefined) exchange.finishWithHead(status, headers);
		else exchange.answer(status, headers, body);
	}

	/** @param text the body; empty when there is none. */
	#input(text: string): unknown {
		const { target } = this.#exchange.request;
		const { value, parameters } = this.#match;
		return routeInput(value.coercion, {
			path: parameters,
			query: target.includes("?") ? readQuery(target) : undefined,
			body: text === "" ? undefined : jsonCodec.decode(text),
		});
	}

	/**
	 * Reads a body without a type as JSON, except in a POST from a web page. A browser asks another site for
	 * permission before it posts JSON to it, and before it uses any other verb, but not before it posts a body
	 * without a type.
	 */
	#hasJsonType(): boolean {
		const { head, request } = this.#exchange;
		const { mediaType, hasOrigin } = head;
		if (mediaType !== undefined) return mediaType === unaryType || jsonType.test(mediaType);
		return !(hasOrigin && request.method === "POST");
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
