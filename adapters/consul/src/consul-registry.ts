import { type BackendTls, Pulse, readTls, ServerView, ServiceViews, serverUrl } from "@allium/backend";
import {
	type Context,
	type Instance,
	type Logger,
	type Registry,
	ServiceError,
	silentLogger,
	toServiceError,
} from "@allium/core";
import type { AdapterOptions } from "@allium/core/adapter";
import {
	defaultTtlMs,
	instanceRecord,
	type Lease,
	matches,
	type RegistryClock,
	type RegistryEvent,
	type RegistryFilter,
} from "@allium/core/registry";
import { fixedNames, merged, namesIn, servicePath, servicesPath } from "./catalog.ts";
import { CatalogMirror } from "./catalog-mirror.ts";
import { CatalogWatch } from "./catalog-watch.ts";
import { ConsulLease } from "./consul-lease.ts";
import { ConsulServer } from "./consul-server.ts";
import { listedServices } from "./listed-service.ts";

/** The options of a Consul registry. Parameters of the URL take precedence. */
export interface ConsulOptions extends Partial<AdapterOptions> {
	/** How long a registration lasts without an update, in milliseconds. Default: 5000. */
	readonly ttlMs?: number;
	/** The ACL token. Default: none, so that the anonymous token applies. */
	readonly token?: string;
	/** The datacenter whose services are found. An agent registers in its own alone. Default: that of the agent. */
	readonly datacenter?: string;
	/** For `consul+tls:`. Default: the authorities that Node trusts, and no certificate. */
	readonly tls?: BackendTls;
}

/**
 * The registry of a cluster in the catalog of Consul, reached by an agent, which is best the one of the own host:
 *
 * - `consul://127.0.0.1:8500`, and `consul+tls://consul.example.org:8501` over TLS
 * - `consul://:TOKEN@127.0.0.1:8500`, with an ACL token
 * - options: `?dc=` (datacenter), `ttlMs=` (milliseconds), and `ca=`, `cert=`, `key=` (PEM files) and `serverName=`
 *
 * Each contract of an instance is a service of Consul with the contract's name, in another namespace than `default` as
 * `namespace--name`. Its health and its metadata are there for the other users of Consul, whose own services are listed
 * as foreign instances.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form, `unavailable` when Consul does not answer,
 * `failed_precondition` when it refuses the token, or another server answers.
 */
export async function registry(url: string, options: ConsulOptions = {}): Promise<Registry> {
	const { namespace = "default", cwd = ".", logger = silentLogger } = options;
	const { origins, user, password, options: given, location } = serverUrl(url, form);
	if (user !== "")
		throw invalid("Consul knows no users: write the token as in consul://:TOKEN@127.0.0.1:8500");
	const ttlMs = checkedTtl(Number(given.get("ttlMs") ?? options.ttlMs ?? defaultTtlMs));
	const server = new ConsulServer({
		ttlMs,
		origin: origins[0] ?? "",
		tls: { ...options.tls, ...(await readTls(given, cwd)) },
		token: password === "" ? options.token : password,
		datacenter: given.get("dc") ?? options.datacenter,
	});
	try {
		await server.check();
	} catch (error) {
		server.close();
		throw error;
	}
	return new ConsulRegistry(location, server, { namespace, ttlMs, logger });
}

const form = {
	scheme: "consul",
	defaultPort: 8500,
	severalServers: false,
	options: ["dc", "ttlMs"],
};

interface ConsulRegistryOptions {
	readonly namespace: string;
	readonly ttlMs: number;
	readonly logger: Logger;
}

class ConsulRegistry implements Registry {
	readonly location: string;
	readonly spansHosts = true;
	readonly #server: ConsulServer;
	readonly #options: ConsulRegistryOptions;
	readonly #mirror: CatalogMirror;
	readonly #views: ServiceViews;
	/** The watches that have watchers. */
	readonly #watches = new Set<CatalogWatch>();
	readonly #pulse: Pulse;
	/** Whether the last heartbeat failed. */
	#isSilent = false;

	constructor(location: string, server: ConsulServer, options: ConsulRegistryOptions) {
		const { namespace, ttlMs, logger } = options;
		this.location = location;
		this.#server = server;
		this.#options = options;
		this.#mirror = new CatalogMirror(server);
		// A silence as long as two thirds of the time to live is noticed, before the leases run out.
		this.#pulse = new Pulse({
			everyMs: ttlMs / 6,
			ask: async () => {
				await server.check(ttlMs / 2);
				if (this.#isSilent) for (const watch of this.#watches) watch.askLostAgain();
				this.#isSilent = false;
			},
			missed: (error) => {
				this.#isSilent = true;
				for (const watch of this.#watches) watch.restart(toServiceError(error));
			},
		});
		this.#views = new ServiceViews((filter, view) => {
			const shown = new ServerView(view, { name: "Consul", filter, ttlMs, logger });
			const watch = new CatalogWatch(filter, shown, { server, namespace, ttlMs });
			return { start: () => this.#begin(watch), stop: () => this.#end(watch) };
		});
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		const record = instanceRecord(instance);
		const lease = new ConsulLease(this.#server, this.#mirror, record, this.#options.ttlMs, this.#changed);
		await lease.begin(ctx);
		return lease;
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		const { namespace } = this.#options;
		const names =
			fixedNames(filter, namespace) ?? namesIn(await this.#read(servicesPath, ctx), filter, namespace);
		const lists = await Promise.all(
			Array.from(names, async (name) =>
				listedServices(await this.#read(servicePath(name), ctx), namespace, new Map()),
			),
		);
		return merged(lists)
			.up.map(({ instance }) => instance)
			.filter((instance) => matches(filter, instance));
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#views.watch(filter, ctx);
	}

	/** The clock of the agent, to the second. */
	clock(ctx: Context): Promise<RegistryClock | undefined> {
		return this.#server.clock(ctx);
	}

	async close(): Promise<void> {
		this.#views.close();
		this.#pulse.stop();
		this.#server.close();
	}

	async #read(path: string, ctx: Context | undefined): Promise<unknown> {
		return (await this.#server.query(path, 0, ctx)).body();
	}

	readonly #changed = async (instance: Instance): Promise<void> => {
		await Promise.all(Array.from(this.#watches, (watch) => watch.refresh(instance)));
	};

	#begin(watch: CatalogWatch): void {
		this.#watches.add(watch);
		if (this.#watches.size === 1) this.#pulse.start();
		watch.start();
	}

	#end(watch: CatalogWatch): void {
		this.#watches.delete(watch);
		if (this.#watches.size === 0) this.#pulse.stop();
		watch.stop();
	}
}

function checkedTtl(ttlMs: number): number {
	if (ttlMs > 0 && Number.isInteger(ttlMs)) return ttlMs;
	throw invalid(`the time to live must be a whole number of milliseconds, not ${ttlMs}`);
}

function invalid(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
