import type { AnyContract, MethodName } from "../contract/contract.ts";
import type { Method } from "../contract/method.ts";
import type { Schema, SchemaInput } from "../contract/schema.ts";
import { checkRoute } from "./check-route.ts";
import { type ParameterNames, parameterNames } from "./path-template.ts";
import type { ErrorTemplates, Route, Routes, Verb } from "./route.ts";
import { Router } from "./router.ts";

/** What may be said of a route beside verb and path. */
export interface RouteOptions {
	/** The status of a reply, 200 to 399. Default: 200. */
	readonly status?: number;
	/** The header `location` of a reply: `/matches/{id}`, where `{id}` is that property of the output. */
	readonly location?: string;
	/** Other headers of a reply, filled in the same way. */
	readonly headers?: Readonly<Record<string, string>>;
	/** Error templates of this route alone, before those of all. */
	readonly errors?: ErrorTemplates;
}

/** A route as it is written: verb, path and the rest. `Parameter` is what the path names. */
export interface RouteSpec<Parameter extends string = string> {
	readonly verb: Verb;
	readonly path: string;
	readonly parameters: readonly Parameter[];
	readonly options: RouteOptions;
}

/** Properties of an input, of all alternatives. */
type Keys<T> = T extends unknown ? Extract<keyof T, string> : never;

/** What a path may name: the properties of the method's input. */
type InputName<M> = M extends Method<infer I> ? (I extends Schema ? Keys<SchemaInput<I>> : never) : never;

/** The routes of a contract as they are written: one or several for a method. */
export type RouteSpecs<C extends AnyContract> = {
	readonly [K in MethodName<C>]?: RouteSpec<InputName<C[K]>> | readonly RouteSpec<InputName<C[K]>>[];
};

/** What holds for all routes of a contract. */
export interface RoutesOptions {
	/** How errors are answered. Default: JSON with code, message, reason and data. */
	readonly errors?: ErrorTemplates;
}

/** A route that answers GET and HEAD, for methods whose effect is `read`. */
export function get<const P extends string>(
	path: P,
	options: RouteOptions = {},
): RouteSpec<ParameterNames<P>> {
	return spec("GET", path, options);
}

/** A route that answers POST. */
export function post<const P extends string>(
	path: P,
	options: RouteOptions = {},
): RouteSpec<ParameterNames<P>> {
	return spec("POST", path, options);
}

/** A route that answers PUT. */
export function put<const P extends string>(
	path: P,
	options: RouteOptions = {},
): RouteSpec<ParameterNames<P>> {
	return spec("PUT", path, options);
}

/** A route that answers PATCH. */
export function patch<const P extends string>(
	path: P,
	options: RouteOptions = {},
): RouteSpec<ParameterNames<P>> {
	return spec("PATCH", path, options);
}

/** A route that answers DELETE. */
export function del<const P extends string>(
	path: P,
	options: RouteOptions = {},
): RouteSpec<ParameterNames<P>> {
	return spec("DELETE", path, options);
}

function spec<P extends string>(verb: Verb, path: P, options: RouteOptions): RouteSpec<ParameterNames<P>> {
	return { verb, path, parameters: parameterNames(path) as ParameterNames<P>[], options };
}

/**
 * Makes the REST routes of a contract: plain JSON, given to `serve`, published by describe, and so known to
 * gateways and OpenAPI.
 *
 * A path parameter is a property of the method's input. The input is the body, over it the query, over both the
 * path.
 *
 * @throws TypeError when a route is ambiguous, malformed, or not for this contract.
 * @example
 * const matchRoutes = routes(Matches, {
 *   create: post("/matches", { status: 201, location: "/matches/{id}" }),
 *   get: get("/matches/{id}"),
 * });
 */
export function routes<C extends AnyContract>(
	contract: C,
	specs: RouteSpecs<C>,
	options: RoutesOptions = {},
): Routes {
	const { name, methods } = contract["~allium"];
	const made: Route[] = [];
	const router = new Router<Route>();
	for (const [methodName, written] of Object.entries<RouteSpec | readonly RouteSpec[] | undefined>(specs)) {
		const method = methods.find((candidate) => candidate.name === methodName);
		if (method === undefined)
			throw new TypeError(`the service "${name}" has no method "${methodName}" to route`);
		for (const each of written === undefined ? [] : [written].flat()) {
			const route = makeRoute(method, each as RouteSpec, options.errors ?? {});
			router.add(route.verb, route.path, method.path, route);
			made.push(route);
		}
	}
	return Object.freeze({ service: name, routes: Object.freeze(made) });
}

function makeRoute(method: Method, { verb, path, options }: RouteSpec, shared: ErrorTemplates): Route {
	const { status = 200, location } = options;
	const headers = lowerCased({ ...options.headers, ...(location !== undefined && { location }) });
	const errors = { ...shared, ...options.errors };
	return checkRoute(method, { method: method.name, verb, path, status, headers, errors });
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
