import type { AnyContract } from "../contract/contract.ts";
import type { Method } from "../contract/method.ts";
import type { Route, Routes } from "../contract/route.ts";
import { jsonSchema } from "../contract/schema.ts";
import { messageSchema } from "../contract/stream.ts";
import { Coercion } from "./coercion.ts";
import { Router, type RouterConflict, type RouterMatch } from "./router.ts";

/** A route with the method that it calls. */
export interface ServedRoute {
	readonly route: Route;
	readonly method: Method;
	/** Converts texts to the types that the method's input requires. */
	readonly coercion: Coercion;
}

const none: readonly Route[] = [];

/** The REST routes of all contracts that are served on one port. */
export class RouteTable {
	readonly #router = new Router<ServedRoute>();
	readonly #byService = new Map<string, Route[]>();

	/** How many routes there are. */
	size = 0;

	/**
	 * Adds the routes of a contract, all or none.
	 *
	 * @throws TypeError if they belong to another contract, or if one makes an existing route ambiguous.
	 */
	addAll(contract: AnyContract, { service, routes }: Routes): void {
		const { name, methods } = contract["~allium"];
		if (service !== name) {
			throw new TypeError(
				`the routes given with "${name}" are those of "${service}"; make them from "${name}"`,
			);
		}
		const found = routes.map((route): [Route, Method] => {
			const method = methods.find((candidate) => candidate.name === route.method);
			if (method !== undefined) return [route, method];
			throw new TypeError(`the service "${name}" has no method "${route.method}" to route`);
		});
		for (const [route, method] of found) {
			const [conflict] = this.conflicts(route, method);
			if (conflict !== undefined) throw new TypeError(conflict.message);
		}
		for (const [route, method] of found) this.add(route, method);
	}

	/**
	 * Adds one route.
	 *
	 * @throws TypeError if it makes an existing route ambiguous.
	 */
	add(route: Route, method: Method): void {
		const schema = messageSchema(method.input);
		const coercion = new Coercion((schema && jsonSchema(schema, "input")) ?? {});
		this.#router.add(route.verb, route.path, method.path, { route, method, coercion });
		const routes = this.#byService.get(method.service);
		if (routes === undefined) this.#byService.set(method.service, [route]);
		else routes.push(route);
		this.size++;
	}

	/** Removes a route. */
	remove(route: Route, method: Method): void {
		const routes = this.#byService.get(method.service) ?? none;
		if (!routes.includes(route)) return;
		const left = routes.filter((each) => each !== route);
		if (left.length > 0) this.#byService.set(method.service, left);
		else this.#byService.delete(method.service);
		this.#router.remove(route.verb, route.path);
		this.size--;
	}

	/** The routes that conflict with a route, and why; none when it can be added. */
	conflicts({ verb, path }: Route, method: Method): RouterConflict<ServedRoute>[] {
		return this.#router.conflicts(verb, path, method.path);
	}

	/** The route of a request. HEAD finds the route of GET. */
	find(verb: string, path: string): RouterMatch<ServedRoute> | undefined {
		return this.#router.find(verb, path);
	}

	/** The verbs that a path takes, for `Allow`; none when the path has no route. */
	verbs(path: string): string[] {
		return this.#router.verbs(path);
	}

	/** All routes, in the order in which they were added. */
	all(): Route[] {
		return this.#router.values().map(({ route }) => route);
	}

	/** The routes of a service. */
	of(service: string): readonly Route[] {
		return this.#byService.get(service) ?? none;
	}
}
