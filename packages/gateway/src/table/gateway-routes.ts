import {
	type AnyContract,
	type ContractDescription,
	type Logger,
	type Method,
	type Route,
	RouteTable,
} from "@allium/core";
import { readRoutes } from "@allium/core/transport";

/** A service that may have REST routes. */
export interface RoutedService {
	/** When its first instance that was seen was started. */
	readonly since: string;
	readonly description: ContractDescription;
	readonly contract: AnyContract;
}

/** A route that is not served, and why. */
export interface RouteConflict {
	readonly service: string;
	readonly verb: string;
	readonly path: string;
	readonly message: string;
}

/** The REST routes of all services: where two want the same, the older one keeps it. */
export class GatewayRoutes {
	readonly table: RouteTable = new RouteTable();
	readonly conflicts: RouteConflict[] = [];
	readonly #logger: Logger;

	/** @param before the routes until now, whose conflicts were said. */
	constructor(services: readonly RoutedService[], logger: Logger, before?: GatewayRoutes) {
		this.#logger = logger;
		const oldestFirst = [...services].sort(
			(one, other) =>
				one.since.localeCompare(other.since) || one.description.name.localeCompare(other.description.name),
		);
		for (const service of oldestFirst) this.#add(service);
		const said = new Set(before?.conflicts.map(({ message }) => message));
		for (const { message, service, verb, path } of this.conflicts) {
			if (!said.has(message))
				logger.log("warn", "a route is not served", { service, verb, path, why: message });
		}
	}

	#add({ contract, description }: RoutedService): void {
		const { name, methods } = contract["~allium"];
		for (const route of this.#routesOf(contract, description)) {
			const method = methods.find((candidate) => candidate.name === route.method);
			if (method !== undefined) this.#addOne(name, route, method);
		}
	}

	#addOne(service: string, route: Route, method: Method): void {
		const message = this.table.conflict(route, method);
		if (message === undefined) this.table.add(route, method);
		else this.conflicts.push({ service, verb: route.verb, path: route.path, message });
	}

	#routesOf(contract: AnyContract, description: ContractDescription): readonly Route[] {
		if (description.routes === undefined) return [];
		try {
			return readRoutes(contract, description.routes).routes;
		} catch (error) {
			this.#logger.log("warn", "the routes of a service cannot be served", {
				service: description.name,
				error,
			});
			return [];
		}
	}
}
