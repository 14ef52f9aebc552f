import {
	type AnyContract,
	type ContractDescription,
	clientDefaults,
	type Logger,
	type Method,
	type Middleware,
	type Registry,
	type ServedMethod,
} from "@allium/core";
import { contractFromDescription, type FromDescriptionOptions } from "@allium/core/reflection";
import { type ClientEndpoints, clientEndpoints, type PeerPool } from "@allium/core/transport";
import type { ContractCheck } from "@allium/node";
import type { AtOnce } from "./at-once.ts";
import type { Exposure } from "./exposure.ts";
import type { RoutedService } from "./gateway-routes.ts";
import { passThrough } from "./pass-through.ts";
import { type DescribeWay, Upstream } from "./upstream.ts";

/** The parts of a known service. All services of a gateway share them. */
export interface KnownServiceOptions {
	readonly registry: Registry;
	readonly namespace: string;
	readonly peers: PeerPool;
	readonly exposure: Exposure;
	readonly timeoutMs: number | undefined;
	/** Wraps every method. */
	readonly middleware: Middleware;
	/** How messages pass through. */
	readonly messages: FromDescriptionOptions;
	readonly contractCheck: ContractCheck;
	/** The limit of services that are asked for their descriptions at once. */
	readonly atOnce: AtOnce;
	readonly way: DescribeWay;
	readonly logger: Logger;
	/** Called when the methods of a service have changed. */
	readonly changed: (service: KnownService, before: readonly ServedMethod[]) => void;
}

/** The gateway's knowledge of a service. It has methods once the service has described itself. */
export class KnownService {
	readonly upstream: Upstream;
	/** The part of it that is served; undefined until it has described itself. */
	description: ContractDescription | undefined;
	contract: AnyContract | undefined;
	methods: readonly ServedMethod[] = [];
	/** The state for which its routes were served. */
	routed: RoutedService | undefined;
	readonly #options: KnownServiceOptions;
	/** The description of the newest instance, including what is not served. */
	#whole: ContractDescription | undefined;
	/** Made when the service describes itself; until then nothing of it can be called. */
	#client: ClientEndpoints | undefined;

	constructor(name: string, options: KnownServiceOptions) {
		const { logger, atOnce, way } = options;
		this.#options = options;
		this.upstream = new Upstream(name, (description) => this.#described(description), logger, atOnce, way);
	}

	/** Ends its calls in flight with `unavailable`. */
	async close(): Promise<void> {
		await Promise.all([this.upstream.close(), this.#client?.close()]);
	}

	#described(description: ContractDescription): void {
		const { exposure, messages, logger, changed } = this.#options;
		const { name: service, version, hash } = description;
		// Instances with the earlier description may still be up.
		if (this.upstream.instances.length > 1) this.#compare(description);
		this.#whole = description;
		try {
			const narrowed = exposure.narrow(description);
			const contract = contractFromDescription(narrowed, messages);
			const before = this.methods;
			this.methods = this.#served(contract["~allium"].methods);
			this.contract = contract;
			this.description = narrowed;
			changed(this, before);
			logger.log("info", "a service is served", { service, version, hash });
		} catch (error) {
			logger.log("warn", "a service cannot be served", { service, error });
		}
	}

	/** Warns when the description of an instance and the one that is served differ in a way that breaks callers. */
	#compare(description: ContractDescription): void {
		const whole = this.#whole;
		if (whole === undefined || whole.hash === description.hash) return;
		this.#options.contractCheck.served(whole, description);
	}

	#served(methods: readonly Method[]): readonly ServedMethod[] {
		if (methods.length === 0) return [];
		const { middleware, logger } = this.#options;
		this.#client ??= this.#connect();
		const client = this.#client;
		return methods.map((method) => {
			const endpoint = passThrough(client.endpoint(method), method, logger);
			return { method, endpoint: middleware(endpoint, method) };
		});
	}

	#connect(): ClientEndpoints {
		const { registry, namespace, peers, timeoutMs, logger } = this.#options;
		return clientEndpoints(this.upstream.service, {
			registry,
			namespace,
			peers,
			logger,
			onDescribed: (description) => this.#compare(description),
			middleware: clientDefaults({ timeoutMs }).middleware,
		});
	}
}
