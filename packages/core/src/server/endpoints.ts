import type { AnyContract } from "../contract/contract.ts";
import type { Method } from "../contract/method.ts";
import type { Route } from "../contract/route.ts";
import { type Security, securityOf } from "../contract/security.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { type Guard, securityOfGuard } from "../endpoint/guard.ts";
import { kindOf, Mistake } from "../errors/mistake.ts";
import { checkedLogger } from "../logger/checked-logger.ts";
import { type Logger, silentLogger } from "../logger/logger.ts";
import { metrics } from "../middleware/metrics.ts";
import { tracing } from "../middleware/tracing.ts";
import { callVerbs, isCallVerb } from "../routes/call-verb.ts";
import { RouteTable } from "../routes/route-table.ts";
import { type ChangeListener, ChangeListeners } from "../service/change-listeners.ts";
import type { EndpointTable, ServedMethod } from "../service/endpoint-table.ts";
import { OpenStreams } from "../service/open-streams.ts";
import { type ServeOptions, serveMethod } from "../service/serve.ts";
import type { Fits, Service } from "../service/service.ts";
import { reflected } from "./reflected.ts";

/** Options of {@link Endpoints}. */
export interface EndpointsOptions {
	readonly guard?: Guard | undefined;
	/**
	 * Wraps every method of every service, outermost first. It is outside of validation, so it sees calls with
	 * invalid input too, and outside of each service's own middleware. Default: {@link serverDefaults}.
	 */
	readonly middleware?: readonly Middleware[] | undefined;
	/** Default: a logger that writes nothing. */
	readonly logger?: Logger | undefined;
	/**
	 * Whether callers see mistakes in the program, such as middleware that forgets to return, or a handler whose
	 * output its schema refuses: for development. A function is called when there is a mistake to report. Default:
	 * no; mistakes are logged.
	 */
	readonly tellsMistakes?: boolean | (() => boolean) | undefined;
}

/** The middleware of a server without configuration: tracing and metrics. */
export function serverDefaults(): { readonly middleware: readonly Middleware[] } {
	return { middleware: [tracing("server"), metrics("server")] };
}

/** The table of everything that a process serves, by path. Every transport of the process listens with the same one. */
export class Endpoints implements EndpointTable {
	readonly guard: Guard | undefined;
	readonly logger: Logger;
	readonly routes: RouteTable = new RouteTable();
	readonly streams: OpenStreams = new OpenStreams();
	readonly #tellsMistakes: boolean | (() => boolean);
	readonly #middleware: readonly Middleware[];
	readonly #contracts = new Map<string, AnyContract>();
	readonly #served = new Map<string, ServedMethod>();
	readonly #changes: ChangeListeners;
	readonly #reflected: readonly ServedMethod[] = reflected(this);

	constructor(options: EndpointsOptions = {}) {
		this.guard = options.guard;
		this.#middleware = options.middleware ?? serverDefaults().middleware;
		this.logger = checkedLogger(options.logger ?? silentLogger);
		this.#changes = new ChangeListeners(this.logger);
		this.#tellsMistakes = options.tellsMistakes ?? false;
	}

	get tellsMistakes(): boolean {
		const tells = this.#tellsMistakes;
		return typeof tells === "boolean" ? tells : tells();
	}

	/**
	 * Adds a service.
	 *
	 * @throws TypeError when a contract of that name is already served, the service lacks a method, or a route
	 * conflicts with one that is served.
	 */
	serve<C extends AnyContract, S>(
		contract: C,
		service: Fits<C, S> & Service<C>,
		options: ServeOptions<C> = {},
	): void {
		const { name, methods } = contract["~allium"];
		if (this.#contracts.has(name)) throw new TypeError(`service "${name}" is served already`);
		const outer = (options.service ?? []).reduceRight<Service<C>>((inner, wrap, index) => {
			const wrapped: Service<C> | undefined = wrap(inner);
			if (typeof wrapped === "object" && wrapped !== null) return wrapped;
			throw new Mistake(
				`the service middleware ${index + 1} of "${name}" returned ${kindOf(wrapped)} instead of a service`,
				{ stack: true },
			);
		}, service);
		const layers = { ...options, outermost: this.#middleware };
		const served = methods.map((method) => serveMethod(method, outer, layers, this));
		this.#checkPaths(methods, options.routes?.routes ?? []);
		if (options.routes !== undefined) this.routes.addAll(contract, options.routes);
		this.#contracts.set(name, contract);
		for (const entry of served) this.#served.set(entry.method.path, entry);
		this.#changes.tell();
	}

	onChange(listener: ChangeListener): () => void {
		return this.#changes.add(listener);
	}

	/** Refuses routes whose paths are those of methods. It checks a new service against all others. */
	#checkPaths(methods: readonly Method[], routes: readonly Route[]): void {
		const added = new Map(methods.map((method) => [method.path, method]));
		for (const { verb, path } of routes) {
			const called = path.slice(1);
			checkPath(verb, path, added.get(called) ?? this.#served.get(called)?.method);
		}
		for (const method of methods) {
			const path = `/${method.path}`;
			for (const verb of callVerbs) {
				// A route with exactly this path is more specific than all others that match it.
				const route = this.routes.find(verb, path)?.value.route;
				if (route?.path === path) checkPath(verb, path, method);
			}
		}
	}

	/** The method at a path, `service/method`. */
	find(path: string): ServedMethod | undefined {
		return this.#served.get(path) ?? this.#reflected.find(({ method }) => method.path === path);
	}

	securityOf(service: string): readonly Security[] {
		const security = securityOf(securityOfGuard(this.guard), service);
		return security === undefined ? [] : [security];
	}

	/** The contracts served, in the order in which they were added. */
	get contracts(): AnyContract[] {
		return [...this.#contracts.values()];
	}
}

/** @throws TypeError when a route is at a path where a method is called. */
function checkPath(verb: string, path: string, method: Method | undefined): void {
	if (method === undefined || !isCallVerb(method, verb)) return;
	throw new TypeError(
		`the route ${verb} ${path} is where the method ${method.path} is called; choose another path`,
	);
}
