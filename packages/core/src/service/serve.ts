import type { Context } from "../context/context.ts";
import type { AnyContract } from "../contract/contract.ts";
import type { Method } from "../contract/method.ts";
import type { Routes } from "../contract/route.ts";
import { answerCheck } from "../endpoint/answer.ts";
import { checkedChain } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { validated } from "../endpoint/validate.ts";
import { boundary } from "./boundary.ts";
import type { EndpointTable, ServedMethod } from "./endpoint-table.ts";
import { HandlerReach } from "./handler-reach.ts";
import type { ServiceMiddleware } from "./service.ts";

/** How the methods of a service are served. The options do not depend on its contract. */
export interface MethodOptions {
	/** Wraps every endpoint after validation, outermost first. */
	readonly middleware?: readonly Middleware[];
	/** Whether outputs are parsed by their schema. Default: true. */
	readonly validateOutput?: boolean;
}

/** How one service is served. */
export interface ServeOptions<C extends AnyContract = AnyContract> extends MethodOptions {
	/** Wraps the service with its types, outermost first; inside `middleware`. */
	readonly service?: readonly ServiceMiddleware<C>[];
	/** The REST routes of the contract, for transports that speak HTTP. */
	readonly routes?: Routes;
}

/** The layers of one method: the layers of its server around the layers of its service. */
interface MethodLayers extends MethodOptions {
	/** The middleware of the server; outside of validation. */
	readonly outermost?: readonly Middleware[];
}

/** Builds the onion of one method: boundary → the server's middleware → validate → middleware → service. */
export function serveMethod(
	method: Method,
	service: object,
	options: MethodLayers,
	server: Pick<EndpointTable, "logger" | "tellsMistakes">,
): ServedMethod {
	const handler = (service as Readonly<Record<string, Handler | undefined>>)[method.name];
	if (typeof handler !== "function") {
		throw new TypeError(`the service for "${method.service}" lacks the method "${method.name}"`);
	}
	const { middleware = [], validateOutput = true } = options;
	const reach = new HandlerReach(middleware.length > 0 || validateOutput);
	const called = call(handler, service, reach);
	const inner =
		middleware.length === 0
			? called
			: checkedChain("the middleware", middleware)(noted(called, reach, method), method);
	const valid = validated(inner, method, {
		output: validateOutput,
		// Without middleware in between, the handler threw whatever comes out, so it need not be noted.
		onThrown: middleware.length === 0 ? reach.onThrown : undefined,
	});
	const outer = checkedChain("the server's middleware", options.outermost ?? [])(valid, method);
	return { method, endpoint: boundary(outer, method, server, reach) };
}

/** The function of a service that handles a method. */
type Handler = (this: object, input: unknown, ctx: Context) => unknown;

/**
 * The handler as an endpoint. Whatever the handler does, middleware sees a promise. When it returns a stream, the call
 * is accepted. A handler is not entered for a call that is over already: it would listen for an end that has been.
 */
function call(handler: Handler, service: object, reach: HandlerReach): Endpoint {
	return (input, ctx) => {
		const { error: over } = ctx;
		if (over !== undefined) return Promise.reject(over);
		reach.enter(ctx);
		try {
			const reply = handler.call(service, input, ctx);
			return reply instanceof Promise ? reply : Promise.resolve(reply);
		} catch (error) {
			return Promise.reject(error);
		}
	};
}

/** The handler, whose results and errors are checked before middleware sees them. */
function noted(handler: Endpoint, reach: HandlerReach, method: Method): Endpoint {
	const check = answerCheck("the handler", method);
	return (input, ctx) => handler(input, ctx).then(check, reach.onThrown);
}
