import type { AnyContract, EventName } from "../contract/contract.ts";
import type { Method } from "../contract/method.ts";
import type { ErrorTemplate, ErrorTemplates, Route, Routes, Verb } from "../contract/route.ts";
import type { Side } from "../contract/stream.ts";
import { checkRoute } from "./check-route.ts";
import { type ParameterNames, parameterNames } from "./path-template.ts";
import { type ContractReason, checkReasons, type RuntimeReason } from "./reasons.ts";
import type { InputName, RouteFaults } from "./route-fault.ts";
import type { RouteOptions, RouteSpec } from "./route-spec.ts";
import { Router } from "./router.ts";

/** The reasons, as far as the compiler knows them. */
type KnownReason<Reason extends string> = string extends Reason ? never : Reason;

/**
 * The routes of a contract as they are written: one or several for a method.
 *
 * @typeParam S the type of the routes as written. The compiler checks it, and names the method whose route is wrong.
 */
export type RouteSpecs<C extends AnyContract, S = never> = RouteFaults<C, S> & {
	readonly [K in keyof C as Exclude<K, "~allium" | EventName<C>>]?: RouteOf<C[K]> | readonly RouteOf<C[K]>[];
};

/** A route that fits a method. */
type RouteOf<M> =
	M extends Method<infer I, Side | undefined, infer E>
		? RouteSpec<InputName<I>, Extract<keyof E, string> | RuntimeReason>
		: never;

/** The options that hold for all routes of a contract. */
export interface RoutesOptions<C extends AnyContract = AnyContract> {
	/** The error templates, by reason. Default: JSON with code, message, reason and data. */
	readonly errors?: { readonly [R in ContractReason<C>]?: ErrorTemplate };
}

/** A route that answers GET and HEAD, for methods whose effect is `read`. */
export function get<const P extends string, const R extends string = never>(
	path: P,
	options: RouteOptions<R> = {},
): RouteSpec<ParameterNames<P>, KnownReason<R>, "GET"> {
	return spec("GET", path, options);
}

/** A route that answers POST. */
export function post<const P extends string, const R extends string = never>(
	path: P,
	options: RouteOptions<R> = {},
): RouteSpec<ParameterNames<P>, KnownReason<R>, "POST"> {
	return spec("POST", path, options);
}

/** A route that answers PUT. */
export function put<const P extends string, const R extends string = never>(
	path: P,
	options: RouteOptions<R> = {},
): RouteSpec<ParameterNames<P>, KnownReason<R>, "PUT"> {
	return spec("PUT", path, options);
}

/** A route that answers PATCH. */
export function patch<const P extends string, const R extends string = never>(
	path: P,
	options: RouteOptions<R> = {},
): RouteSpec<ParameterNames<P>, KnownReason<R>, "PATCH"> {
	return spec("PATCH", path, options);
}

/** A route that answers DELETE. */
export function del<const P extends string, const R extends string = never>(
	path: P,
	options: RouteOptions<R> = {},
): RouteSpec<ParameterNames<P>, KnownReason<R>, "DELETE"> {
	return spec("DELETE", path, options);
}

function spec<P extends string, R extends string, V extends Verb>(
	verb: V,
	path: P,
	options: RouteOptions<R>,
): RouteSpec<ParameterNames<P>, KnownReason<R>, V> {
	const parameters = parameterNames(path) as ParameterNames<P>[];
	const reasons = Object.keys(options.errors ?? {}) as KnownReason<R>[];
	return { verb, path, parameters, reasons, options };
}

/**
 * Makes the REST routes of a contract. They are plain JSON. A service passes them to `serve`, and its description
 * publishes them, so gateways and OpenAPI know them.
 *
 * A path parameter is a property of the method's input. The query overrides members of the body, and the path
 * overrides both.
 *
 * @throws TypeError when a route is ambiguous, malformed, or not for this contract.
 * @example
 * const matchRoutes = routes(Matches, {
 *   create: post("/matches", { status: 201, location: "/matches/{id}" }),
 *   get: get("/matches/{id}"),
 * });
 */
export function routes<C extends AnyContract, const S>(
	contract: C,
	specs: RouteSpecs<C, S>,
	options: RoutesOptions<C> = {},
): Routes {
	const { name, methods } = contract["~allium"];
	const shared: Readonly<Record<string, ErrorTemplate>> = { ...options.errors };
	checkReasons(`the routes of ${name}`, methods, Object.keys(shared));
	const made: Route[] = [];
	const router = new Router<Route>();
	for (const [methodName, written] of Object.entries<RouteSpec | readonly RouteSpec[] | undefined>(specs)) {
		const method = methods.find((candidate) => candidate.name === methodName);
		if (method === undefined)
			throw new TypeError(`the service "${name}" has no method "${methodName}" to route`);
		for (const each of written === undefined ? [] : [written].flat()) {
			const route = makeRoute(method, each as RouteSpec, shared);
			router.add(route.verb, route.path, method.path, route);
			made.push(route);
		}
	}
	return Object.freeze({ service: name, routes: Object.freeze(made) });
}

function makeRoute(method: Method, { verb, path, options }: RouteSpec, shared: ErrorTemplates): Route {
	const { status = 200, location } = options;
	checkReasons(`the route ${verb} ${path} of ${method.path}`, [method], Object.keys(options.errors ?? {}));
	const headers = lowerCased({ ...options.headers, ...(location !== undefined && { location }) });
	const errors = { ...shared, ...options.errors };
	return checkRoute(method, { method: method.name, verb, path, status, headers, errors });
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
