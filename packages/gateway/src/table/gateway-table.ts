import {
	type AnyContract,
	Context,
	type ContractDescription,
	chain,
	clientDefaults,
	type EndpointTable,
	type Guard,
	type Logger,
	type Method,
	type Middleware,
	type Registry,
	type Security,
	type ServedMethod,
	type ServiceError,
	serverDefaults,
} from "@allium/core";
import type { RouteTable } from "@allium/core/http";
import { contractFromDescription, type FromDescriptionOptions } from "@allium/core/reflection";
import type { RegistryEvent } from "@allium/core/registry";
import {
	type ChangeListener,
	ChangeListeners,
	type ClientEndpoints,
	clientEndpoints,
	followRegistry,
	OpenStreams,
	type PeerPool,
	securityOf,
	securityOfGuard,
} from "@allium/core/transport";
import { ContractCheck, type TlsOptions } from "@allium/node";
import type { CredentialsSource } from "../gateway-options.ts";
import { AtOnce } from "./at-once.ts";
import type { Exposure } from "./exposure.ts";
import { GatewayRoutes, type RouteConflict } from "./gateway-routes.ts";
import { passThrough } from "./pass-through.ts";
import { rawJsonCodec } from "./raw-json.ts";
import { reported } from "./reported.ts";
import { ServingInstances } from "./serving-instances.ts";
import { Upstream } from "./upstream.ts";

/**
 * A service without instances is remembered, so that calls to it get 503 instead of 404: the first hundred of them for
 * good, the others for an hour (in milliseconds). An outage of the registry can make all services look gone at once.
 */
const maxGone = 100;
const goneForMs = 3_600_000;

/** How many services are asked for their descriptions at once. More would hold up calls, and answer no sooner. */
const askedAtOnce = 16;

/** How many services are updated in one turn of the event loop, so that calls do not wait for thousands of them. */
const lookedAtOnce = 100;

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

/** A service as the gateway knows it. */
export interface KnownService {
	readonly upstream: Upstream;
	/** The part of it that is served; undefined until it has described itself. */
	readonly description: ContractDescription | undefined;
}

interface Entry {
	readonly upstream: Upstream;
	/** Made when the service describes itself; until then nothing of it can be called. */
	client?: ClientEndpoints;
	description?: ContractDescription;
	/** The description of the newest instance, including what is not served. */
	whole?: ContractDescription;
	contract?: AnyContract;
	served: readonly ServedMethod[];
	/** The state for which its routes were served. */
	routed?: { readonly isUp: boolean; readonly since: string };
}

/**
 * The methods of all registered services, as the services come and go. A path leads to its service in `find`; what
 * it finds was put there by `#serve`, when the service described itself.
 */
export class GatewayTable implements EndpointTable {
	readonly guard: Guard;
	readonly logger: Logger;
	readonly tellsMistakes: boolean;
	readonly streams: OpenStreams = new OpenStreams();
	readonly #options: GatewayTableOptions;
	readonly #middleware: Middleware;
	readonly #instances = new ServingInstances();
	readonly #entries = new Map<string, Entry>();
	/** The entries in order of their names; made when they are asked for. */
	#sorted: readonly Entry[] | undefined;
	/** The names of services without instances, and since when they have none; the longest gone first. */
	readonly #gone = new Map<string, number>();
	/** The names of services whose instances changed, and the timer of the next turn that updates some of them. */
	readonly #changed = new Set<string>();
	#looking: NodeJS.Immediate | undefined;
	readonly #served = new Map<string, ServedMethod>();
	/** How messages pass through. */
	readonly #descriptionOptions: FromDescriptionOptions;
	readonly #routes: GatewayRoutes;
	readonly #changes: ChangeListeners;
	readonly #contractCheck: ContractCheck;
	readonly #atOnce = new AtOnce(askedAtOnce);
	readonly #life = Context.background().withCancel();
	#following: Promise<void> | undefined;
	readonly #known = Promise.withResolvers<void>();
	#isKnown = false;

	constructor(options: GatewayTableOptions) {
		this.#options = options;
		this.guard = options.guard;
		this.logger = options.logger;
		this.tellsMistakes = options.tellsMistakes ?? false;
		// The middleware of the runtime throws nothing that has to be reported.
		this.#middleware =
			options.middleware === undefined
				? chain(...serverDefaults().middleware)
				: reported(options.middleware, this);
		// Given middleware may look at messages, so it gets them decoded.
		this.#descriptionOptions = options.middleware === undefined ? { json: rawJsonCodec } : {};
		this.#routes = new GatewayRoutes(options.logger);
		this.#changes = new ChangeListeners(options.logger);
		this.#contractCheck = new ContractCheck(options.logger);
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
		await Promise.all(Array.from(this.#entries.values(), ({ upstream }) => upstream.asked));
	}

	find(path: string): ServedMethod | undefined {
		return this.#served.get(path);
	}

	get contracts(): readonly AnyContract[] {
		return this.#byName().flatMap(({ contract }) => contract ?? []);
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
		const theirs = this.#entries.get(service)?.description?.security ?? [];
		return own === undefined ? theirs : [own, ...theirs];
	}

	/** Tells of services that are registered and cannot be called, because they did not describe themselves. */
	whyMissing(path: string): ServiceError | undefined {
		const entry = this.#entries.get(path.slice(0, Math.max(0, path.indexOf("/"))));
		return entry === undefined || entry.description !== undefined ? undefined : entry.upstream.problem;
	}

	/** The REST routes that are not served, because another service has them. */
	get conflicts(): readonly RouteConflict[] {
		return this.#routes.conflicts;
	}

	/** The services that are served, in order of their names. */
	get services(): readonly KnownService[] {
		return this.#byName().map(({ upstream, description }) => ({ upstream, description }));
	}

	/** Applies an event of the registry. */
	apply(event: RegistryEvent): void {
		for (const name of this.#instances.apply(event)) this.#changed.add(name);
		if (this.#looking === undefined) this.#look();
	}

	/** During an outage of the registry the table stays as it is; {@link follow} logs the outage. */
	unknownBecause(): void {}

	/** Stops watching the registry, and ends the calls in flight with `unavailable`. */
	async close(): Promise<void> {
		this.#life.cancel();
		clearImmediate(this.#looking);
		this.#known.resolve();
		await Promise.all([this.#following, ...Array.from(this.#entries.values(), end)]);
	}

	#byName(): readonly Entry[] {
		this.#sorted ??= [...this.#entries.values()].sort((one, other) =>
			one.upstream.service < other.upstream.service ? -1 : 1,
		);
		return this.#sorted;
	}

	/** Updates some of the services that changed, and the others in the next turns of the event loop. */
	#look(): void {
		this.#looking = undefined;
		let left = lookedAtOnce;
		for (const name of this.#changed) {
			if (left-- === 0) {
				this.#looking = setImmediate(() => this.#look());
				return;
			}
			this.#changed.delete(name);
			if (this.#options.exposure.includes(name)) this.#lookAt(name);
		}
		const forgotten = performance.now() - goneForMs;
		for (const [name, since] of this.#gone) {
			if (this.#gone.size <= maxGone || since > forgotten) break;
			this.#forget(name);
		}
		this.#isKnown = true;
		this.#known.resolve();
	}

	#lookAt(name: string): void {
		const entry = this.#entries.get(name) ?? this.#enter(name);
		entry.upstream.update(this.#instances.of(name));
		if (entry.upstream.instances.length > 0) this.#gone.delete(name);
		else if (!this.#gone.has(name)) this.#gone.set(name, performance.now());
		this.#route(entry);
	}

	#enter(name: string): Entry {
		const described = (description: ContractDescription): void => this.#described(entry, description);
		const upstream = new Upstream(name, described, this.logger, this.#atOnce, this.#options);
		const entry: Entry = { upstream, served: [] };
		this.#entries.set(name, entry);
		this.#sorted = undefined;
		return entry;
	}

	#clientOf(service: string): ClientEndpoints {
		const { registry, namespace, peers, timeoutMs } = this.#options;
		return clientEndpoints(service, {
			registry,
			namespace,
			peers,
			logger: this.logger,
			onDescribed: (description) => this.#compare(service, description),
			middleware: clientDefaults({ timeoutMs }).middleware,
		});
	}

	/** Warns when the description of an instance and the one that is served differ in a way that breaks callers. */
	#compare(service: string, description: ContractDescription): void {
		const whole = this.#entries.get(service)?.whole;
		if (whole === undefined || whole.hash === description.hash) return;
		this.#contractCheck.served(whole, description);
	}

	#described(entry: Entry, description: ContractDescription): void {
		const { exposure, logger } = this.#options;
		const service = description.name;
		// Instances with the earlier description may still be up.
		if (entry.upstream.instances.length > 1) this.#compare(service, description);
		entry.whole = description;
		try {
			const narrowed = exposure.narrow(description);
			const contract = contractFromDescription(narrowed, this.#descriptionOptions);
			this.#serve(entry, contract["~allium"].methods);
			Object.assign(entry, { contract, description: narrowed });
			delete entry.routed;
			this.#route(entry);
			const { version, hash } = description;
			logger.log("info", "a service is served", { service, version, hash });
		} catch (error) {
			logger.log("warn", "a service cannot be served", { service, error });
		}
	}

	/** Serves these methods of a service in place of those that it had. */
	#serve(entry: Entry, methods: readonly Method[]): void {
		for (const { method } of entry.served) this.#served.delete(method.path);
		entry.served = [];
		if (methods.length === 0) return;
		entry.client ??= this.#clientOf(entry.upstream.service);
		const { client } = entry;
		entry.served = methods.map((method) => {
			const endpoint = passThrough(client.endpoint(method), method, this.logger);
			return { method, endpoint: this.#middleware(endpoint, method) };
		});
		for (const served of entry.served) this.#served.set(served.method.path, served);
	}

	/** Serves the REST routes of a service. Whether it is up and since when decides which routes it gets. */
	#route(entry: Entry): void {
		const { upstream, contract, description, routed } = entry;
		if (contract === undefined || description === undefined) return;
		const isUp = upstream.instances.length > 0;
		const { since } = upstream;
		if (routed?.isUp === isUp && routed.since === since) return;
		entry.routed = { isUp, since };
		this.#routes.set({ isUp, since, contract, description });
		this.#changes.tell();
	}

	#forget(name: string): void {
		const entry = this.#entries.get(name);
		this.#gone.delete(name);
		this.#entries.delete(name);
		this.#sorted = undefined;
		if (entry === undefined) return;
		this.#serve(entry, []);
		this.#routes.remove(name);
		this.#changes.tell();
		void end(entry);
	}
}

async function end({ upstream, client }: Entry): Promise<void> {
	await Promise.all([upstream.close(), client?.close()]);
}
