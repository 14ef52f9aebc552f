import {
	type AnyContract,
	Context,
	chain,
	type EndpointTable,
	type Guard,
	type Logger,
	type Middleware,
	type Registry,
	type Security,
	type ServedMethod,
	type ServiceError,
	serverDefaults,
} from "@allium/core";
import type { RouteTable } from "@allium/core/http";
import type { RegistryEvent } from "@allium/core/registry";
import {
	type ChangeListener,
	ChangeListeners,
	followRegistry,
	OpenStreams,
	type PeerPool,
	securityOf,
	securityOfGuard,
} from "@allium/core/transport";
import { ContractCheck, type TlsOptions } from "@allium/node";
import type { CredentialsSource } from "../gateway-options.ts";
import { AtOnce } from "./at-once.ts";
import { ChangedServices } from "./changed-services.ts";
import type { Exposure } from "./exposure.ts";
import { GatewayRoutes, type RouteConflict } from "./gateway-routes.ts";
import { GoneServices } from "./gone-services.ts";
import { KnownService, type KnownServiceOptions } from "./known-service.ts";
import { rawJsonCodec } from "./raw-json.ts";
import { reported } from "./reported.ts";
import { ServingInstances } from "./serving-instances.ts";

/** How many services are asked for their descriptions at once. More would hold up calls, and answer no sooner. */
const askedAtOnce = 16;

/** The options of a table. */
export interface GatewayTableOptions {
	readonly registry: Registry;
	readonly namespace: string;
	readonly peers: PeerPool;
	readonly exposure: Exposure;
	readonly guard: Guard;
	readonly timeoutMs: number | undefined;
	/** Wraps every method, outermost first; it gets messages decoded. Default: the middleware of servers. */
	readonly middleware: readonly Middleware[] | undefined;
	/** Whether callers, too, see mistakes in the program. Default: no. */
	readonly tellsMistakes?: boolean;
	/** The certificates for requests to services that describe themselves. */
	readonly tls: TlsOptions | undefined;
	/** The credentials for services whose guards ask for them before the services describe themselves. */
	readonly credentials: CredentialsSource;
	readonly logger: Logger;
}

/**
 * The methods of all registered services, as the services come and go. `find` returns the method of a path. The methods
 * of a service are entered when the service describes itself.
 */
export class GatewayTable implements EndpointTable {
	readonly guard: Guard;
	readonly logger: Logger;
	readonly tellsMistakes: boolean;
	readonly streams: OpenStreams = new OpenStreams();
	readonly #options: GatewayTableOptions;
	readonly #instances = new ServingInstances();
	readonly #services = new Map<string, KnownService>();
	/** The services in order of their names; made when they are asked for. */
	#sorted: readonly KnownService[] | undefined;
	readonly #gone = new GoneServices();
	readonly #changed = new ChangedServices({
		update: (service) => this.#update(service),
		done: () => this.#updated(),
	});
	readonly #served = new Map<string, ServedMethod>();
	readonly #serviceOptions: KnownServiceOptions;
	readonly #routes: GatewayRoutes;
	readonly #changes: ChangeListeners;
	readonly #life = Context.background().withCancel();
	#following: Promise<void> | undefined;
	readonly #known = Promise.withResolvers<void>();
	#isKnown = false;

	constructor(options: GatewayTableOptions) {
		const { middleware, logger } = options;
		this.#options = options;
		this.guard = options.guard;
		this.logger = logger;
		this.tellsMistakes = options.tellsMistakes ?? false;
		this.#serviceOptions = {
			...options,
			// The middleware of the runtime throws nothing that has to be reported.
			middleware:
				middleware === undefined ? chain(...serverDefaults().middleware) : reported(middleware, this),
			// Given middleware may look at messages, so it gets them decoded.
			messages: middleware === undefined ? { json: rawJsonCodec } : {},
			contractCheck: new ContractCheck(logger),
			atOnce: new AtOnce(askedAtOnce),
			way: options,
			changed: (service, before) => this.#serve(service, before),
		};
		this.#routes = new GatewayRoutes(logger);
		this.#changes = new ChangeListeners(logger);
	}

	/** Begins to watch the registry. */
	open(): void {
		const { registry, namespace } = this.#options;
		this.#following ??= followRegistry(registry, { namespace }, this, this.logger, this.#life.ctx);
	}

	/** Whether the registry has listed the services. */
	get isKnown(): boolean {
		return this.#isKnown;
	}

	/** Resolves when the registry has listed the services, and each was asked for its description. */
	async whenKnown(): Promise<void> {
		await this.#known.promise;
		await Promise.all(Array.from(this.#services.values(), ({ upstream }) => upstream.asked));
	}

	find(path: string): ServedMethod | undefined {
		return this.#served.get(path);
	}

	get contracts(): readonly AnyContract[] {
		return this.services.flatMap(({ contract }) => contract ?? []);
	}

	get routes(): RouteTable {
		return this.#routes.table;
	}

	onChange(listener: ChangeListener): () => void {
		return this.#changes.add(listener);
	}

	/** The security that the gateway's guard requires, then that which the guard of the service requires. */
	securityOf(service: string): readonly Security[] {
		const own = securityOf(securityOfGuard(this.guard), service);
		const theirs = this.#services.get(service)?.description?.security ?? [];
		return own === undefined ? theirs : [own, ...theirs];
	}

	/** The error for a service that is registered and cannot be called, because it did not describe itself. */
	whyMissing(path: string): ServiceError | undefined {
		const service = this.#services.get(path.slice(0, Math.max(0, path.indexOf("/"))));
		return service === undefined || service.description !== undefined ? undefined : service.upstream.problem;
	}

	/** The REST routes that are not served, because another service has them. */
	get conflicts(): readonly RouteConflict[] {
		return this.#routes.conflicts;
	}

	/** The services, in order of their names. */
	get services(): readonly KnownService[] {
		this.#sorted ??= [...this.#services.values()].sort((one, other) =>
			one.upstream.service < other.upstream.service ? -1 : 1,
		);
		return this.#sorted;
	}

	/** Applies an event of the registry. */
	apply(event: RegistryEvent): void {
		this.#changed.add(this.#instances.apply(event));
	}

	/** During an outage of the registry the table stays as it is; {@link followRegistry} logs the outage. */
	unknownBecause(): void {}

	/** Stops watching the registry, and ends the calls in flight with `unavailable`. */
	async close(): Promise<void> {
		this.#life.cancel();
		this.#changed.close();
		this.#known.resolve();
		await Promise.all([
			this.#following,
			...Array.from(this.#services.values(), (service) => service.close()),
		]);
	}

	/** Tells a service of its instances. */
	#update(name: string): void {
		if (!this.#options.exposure.includes(name)) return;
		const service = this.#services.get(name) ?? this.#enter(name);
		service.upstream.update(this.#instances.of(name));
		if (service.upstream.instances.length > 0) this.#gone.remove(name);
		else this.#gone.add(name);
		this.#route(service);
	}

	/** Called when every service knows its instances. */
	#updated(): void {
		for (const name of this.#gone.takeForgotten()) this.#forget(name);
		this.#isKnown = true;
		this.#known.resolve();
	}

	#enter(name: string): KnownService {
		const service = new KnownService(name, this.#serviceOptions);
		this.#services.set(name, service);
		this.#sorted = undefined;
		return service;
	}

	/** Serves the methods of a service in place of those that it had. */
	#serve(service: KnownService, before: readonly ServedMethod[]): void {
		for (const { method } of before) this.#served.delete(method.path);
		for (const served of service.methods) this.#served.set(served.method.path, served);
		this.#route(service);
	}

	/** Serves the REST routes of a service. Whether it is up and since when decides which routes it gets. */
	#route(service: KnownService): void {
		const { upstream, contract, description, routed } = service;
		if (contract === undefined || description === undefined) return;
		const isUp = upstream.instances.length > 0;
		const { since } = upstream;
		if (routed?.isUp === isUp && routed.since === since && routed.contract === contract) return;
		service.routed = { isUp, since, contract, description };
		this.#routes.set(service.routed);
		this.#changes.tell();
	}

	#forget(name: string): void {
		const service = this.#services.get(name);
		this.#services.delete(name);
		this.#sorted = undefined;
		if (service === undefined) return;
		for (const { method } of service.methods) this.#served.delete(method.path);
		this.#routes.remove(name);
		this.#changes.tell();
		void service.close();
	}
}
