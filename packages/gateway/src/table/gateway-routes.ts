import type { AnyContract, ContractDescription, Logger, Method, Route } from "@allium/core";
import { RouteTable, readRoutes } from "@allium/core/http";

/** A service that may have REST routes. */
export interface RoutedService {
	/** Whether an instance of it is up. A service without instances keeps only the routes that no other service wants. */
	readonly isUp: boolean;
	/** When the first instance of it that was seen was started. */
	readonly since: string;
	readonly description: ContractDescription;
	readonly contract: AnyContract;
}

/** A route that is not served, and the reason. */
export interface RouteConflict {
	readonly service: string;
	readonly verb: string;
	readonly path: string;
	readonly message: string;
}

/** A route that a service wants. */
interface Wanted {
	readonly service: RoutedService;
	readonly route: Route;
	readonly method: Method;
	/** Its place among the routes of its service. */
	readonly order: number;
	/** The route that is served instead, and why they exclude each other; undefined while this one is served. */
	instead: { readonly of: Wanted; readonly message: string } | undefined;
	/** The routes that are not served because this one is. */
	readonly rivals: Set<Wanted>;
}

/**
 * The REST routes of all services, as the services come and go. If two services want the same path, a service that is
 * up precedes one that is not, and among two that are up the older precedes. The other gets the path when the first is
 * gone. The cost of a change depends only on the routes that it concerns.
 */
export class GatewayRoutes {
	readonly table: RouteTable = new RouteTable();
	readonly #logger: Logger;
	readonly #wanted = new Map<string, readonly Wanted[]>();
	readonly #served = new Map<Route, Wanted>();
	readonly #waiting = new Set<Wanted>();
	/** The reasons for unserved routes that were logged last. */
	#said: ReadonlySet<string> = new Set();

	constructor(logger: Logger) {
		this.#logger = logger;
	}

	/** The routes that are not served although their service is up. */
	get conflicts(): RouteConflict[] {
		return [...this.#waiting].flatMap(({ service, method, route: { verb, path }, instead }) => {
			return service.isUp && instead !== undefined
				? [{ service: method.service, verb, path, message: instead.message }]
				: [];
		});
	}

	/** Serves the routes of a service in place of those that it had. */
	set(service: RoutedService): void {
		const { name } = service.contract["~allium"];
		const wanted = this.#wantedBy(service);
		const freed = this.#takeOut(name);
		if (wanted.length > 0) this.#wanted.set(name, wanted);
		this.#settle([...wanted, ...freed]);
	}

	/** Serves no routes of a service any more. */
	remove(service: string): void {
		this.#settle(this.#takeOut(service));
	}

	/** Removes the routes of a service. Returns the routes of others that waited for them. */
	#takeOut(service: string): Wanted[] {
		const had = this.#wanted.get(service) ?? [];
		this.#wanted.delete(service);
		for (const wanted of had) {
			this.#waiting.delete(wanted);
			wanted.instead?.of.rivals.delete(wanted);
		}
		return had.flatMap((wanted) => this.#displace(wanted));
	}

	/** Stops serving a route, if it is served. Returns the routes that waited for it. */
	#displace(wanted: Wanted): Wanted[] {
		const { route, method, rivals } = wanted;
		if (!this.#served.delete(route)) return [];
		this.table.remove(route, method);
		const freed = [...rivals];
		rivals.clear();
		for (const rival of freed) this.#waiting.delete(rival);
		return freed;
	}

	/** Places each route. The outcome does not depend on their order. */
	#settle(wanted: readonly Wanted[]): void {
		const queue = [...wanted];
		for (let next = queue.pop(); next !== undefined; next = queue.pop()) queue.push(...this.#place(next));
		this.#tell();
	}

	/** Serves a route unless a served route precedes it. Returns the routes that it displaces, and their rivals. */
	#place(wanted: Wanted): Wanted[] {
		const { route, method } = wanted;
		const conflicts = this.table.conflicts(route, method).flatMap(({ value, message }) => {
			const other = this.#served.get(value.route);
			return other === undefined ? [] : [{ other, message }];
		});
		const before = conflicts.find(({ other }) => precedes(other, wanted));
		if (before !== undefined) {
			wanted.instead = { of: before.other, message: before.message };
			before.other.rivals.add(wanted);
			this.#waiting.add(wanted);
			return [];
		}
		const displaced = conflicts.flatMap(({ other }) => [other, ...this.#displace(other)]);
		wanted.instead = undefined;
		this.table.add(route, method);
		this.#served.set(route, wanted);
		return displaced;
	}

	/** Logs the routes that are not served, each once. */
	#tell(): void {
		if (this.#waiting.size === 0 && this.#said.size === 0) return;
		const { conflicts } = this;
		for (const { message, service, verb, path } of conflicts) {
			if (this.#said.has(message)) continue;
			this.#logger.log("warn", "a route is not served", { service, verb, path, why: message });
		}
		this.#said = new Set(conflicts.map(({ message }) => message));
	}

	#wantedBy(service: RoutedService): Wanted[] {
		const { methods } = service.contract["~allium"];
		return this.#routesOf(service).flatMap((route, order) => {
			const method = methods.find((candidate) => candidate.name === route.method);
			if (method === undefined) return [];
			return [{ service, route, method, order, instead: undefined, rivals: new Set() }];
		});
	}

	#routesOf({ contract, description }: RoutedService): readonly Route[] {
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

/** Whether a route gets a path that another route wants, too. */
function precedes(one: Wanted, other: Wanted): boolean {
	if (one.service === other.service) return one.order < other.order;
	if (one.service.isUp !== other.service.isUp) return one.service.isUp;
	if (one.service.since !== other.service.since) return one.service.since < other.service.since;
	return one.method.service < other.method.service;
}
