import type { Codec } from "../codec/codec.ts";
import { jsonCodec } from "../codec/json-codec.ts";
import { jsonFormat } from "../codec/json-format.ts";
import { methodCodecs } from "../codec/method-codecs.ts";
import type { Context } from "../context/context.ts";
import type { Method } from "../contract/method.ts";
import type { Route, Routes } from "../contract/route.ts";
import type { Endpoint } from "../endpoint/endpoint.ts";
import { type ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { routeAddress } from "../routes/route-address.ts";
import { decodeBytes } from "../transport/message-text.ts";
import { standardBytes } from "../transport/pipe.ts";
import type { Dialer, Peer } from "../transport/transport.ts";
import { clientClosed } from "../transport/transport-errors.ts";
import { RouteFetch, type RouteFetcher } from "./route-fetch.ts";

/** How calls are sent by REST routes. */
export interface RouteTransportOptions {
	/** The scheme of the URLs that it dials. Each scheme needs a transport of its own. Default: `http`. */
	readonly scheme?: "http" | "https";
	/** The largest answer that is accepted, in bytes. Default: 4 MiB. */
	readonly maxMessageBytes?: number;
	/**
	 * The function that sends the requests. Replace it if the requests need a client certificate, for example. Default:
	 * the platform's `fetch`.
	 */
	readonly fetch?: RouteFetcher;
}

/**
 * Calls a plain web service by the REST routes of a contract, over the platform's `fetch`. So it calls foreign
 * instances too, which know nothing of Allium. It only dials, and calls unary methods that have a route; the first
 * route of a method is the one that is called.
 *
 * Members of the input that the path does not name go into the query of GET and DELETE, and into the JSON body of
 * other verbs. An answer of success is the output as JSON. Any other answer is an error with the code of its status,
 * and with the code, the message, the reason and the data of its body where that is JSON with those.
 *
 * @example
 * const rates = createClient(Rates, { url: "http://10.0.0.7:8080", transports: [routeTransport(rateRoutes)] });
 */
export function routeTransport(routes: Routes, options: RouteTransportOptions = {}): Dialer {
	const { scheme = "http" } = options;
	return {
		scheme,
		callsForeign: true,
		dial: (address: string): Peer => new RoutePeer(address, routes, options),
	};
}

class RoutePeer implements Peer {
	readonly #base: string;
	readonly #routes: Routes;
	readonly #maxMessageBytes: number;
	readonly #fetch: RouteFetcher;
	readonly #closing = new AbortController();

	constructor(address: string, routes: Routes, options: RouteTransportOptions) {
		const { maxMessageBytes = 4 * 1024 * 1024, fetch = (...asked) => globalThis.fetch(...asked) } = options;
		this.#base = address.replace(/\/+$/, "");
		this.#routes = routes;
		this.#maxMessageBytes = maxMessageBytes;
		this.#fetch = fetch;
	}

	endpoint(method: Method): Endpoint {
		const { service, routes } = this.#routes;
		const route = routes.find((each) => each.method === method.name);
		if (route === undefined || method.service !== service || method.kind !== "unary") {
			return () => Promise.reject(withoutRoute(method));
		}
		const codecs = methodCodecs(method, jsonFormat) ?? { input: jsonCodec, output: jsonCodec };
		return (input, ctx) => this.#call(method, route, codecs.input, input, codecs.output, ctx);
	}

	async close(): Promise<void> {
		this.#closing.abort();
	}

	async #call(
		method: Method,
		route: Route,
		inputs: Codec,
		input: unknown,
		outputs: Codec,
		ctx: Context,
	): Promise<unknown> {
		if (ctx.error !== undefined) throw ctx.error;
		if (this.#closing.signal.aborted) throw clientClosed();
		const { target, body } = routeAddress(route, JSON.parse(textOf(inputs.encode(input))));
		const request = { method, verb: route.verb, url: this.#base + target, body };
		const answer = await new RouteFetch(
			request,
			this.#fetch,
			this.#maxMessageBytes,
			this.#closing.signal,
		).run(ctx);
		// An answer without a body, such as 204, is an empty output.
		return answer.length === 0 ? {} : decodeBytes(outputs, standardBytes, answer);
	}
}

function textOf(message: string | Uint8Array): string {
	return typeof message === "string" ? message : new TextDecoder().decode(message);
}

function withoutRoute({ path, service }: Method): ServiceError {
	return serviceErrorFrom(
		{
			code: "unimplemented",
			reason: "no_route",
			message: `${path} has no route by which it could be called`,
		},
		{ notExecuted: true, domain: service },
	);
}
