import {
	type BackendTls,
	InstanceKeys,
	Pulse,
	readTls,
	type ServerUrlForm,
	ServerView,
	ServiceViews,
	serverUrl,
} from "@allium/backend";
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
import { EtcdLease } from "./etcd-lease.ts";
import { EtcdServer } from "./etcd-server.ts";
import { readRange } from "./key-range.ts";
import { KeyWatch } from "./key-watch.ts";

/** The options of an etcd registry. Parameters of the URL take precedence. */
export interface EtcdOptions extends Partial<AdapterOptions> {
	/**
	 * How long a registration lasts without an update, in milliseconds. etcd counts whole seconds, and grants no fewer
	 * than two with its defaults. Default: 5000.
	 */
	readonly ttlMs?: number;
	/** The user of etcd. Default: none. */
	readonly user?: string;
	readonly password?: string;
	/** For `etcd+tls:`. Default: the authorities that Node trusts, and no certificate. */
	readonly tls?: BackendTls;
}

/**
 * The registry of a cluster in etcd 3.4 or later, by its JSON interface:
 *
 * - `etcd://10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379`, and `etcd+tls://…` over TLS
 * - `etcd://USER:PASSWORD@10.0.0.1:2379`
 * - options: `?ttlMs=` (milliseconds), and `ca=`, `cert=`, `key=` (PEM files) and `serverName=`
 *
 * An instance is a lease, and a key `/allium/<namespace>/<contract>/<id>` for each of its contracts.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form, `unavailable` when no member answers,
 * `failed_precondition` when etcd refuses the user, or another server answers.
 */
export async function registry(url: string, options: EtcdOptions = {}): Promise<Registry> {
	const { cwd = ".", logger = silentLogger } = options;
	const { origins, user, password, options: given, location } = serverUrl(url, form);
	const login =
		user === "" ? { user: options.user ?? "", password: options.password ?? "" } : { user, password };
	const seconds = secondsOf(Number(given.get("ttlMs") ?? options.ttlMs ?? defaultTtlMs));
	const server = new EtcdServer({
		origins,
		tls: { ...options.tls, ...(await readTls(given, cwd)) },
		ttlMs: seconds * 1_000,
		login: login.user === "" ? undefined : login,
		logger,
	});
	try {
		await server.check();
	} catch (error) {
		server.close();
		throw error;
	}
	return new EtcdRegistry(location, server, seconds, logger);
}

const form: ServerUrlForm = { scheme: "etcd", defaultPort: 2379, severalServers: true, options: ["ttlMs"] };

class EtcdRegistry implements Registry {
	readonly location: string;
	readonly spansHosts = true;
	readonly #server: EtcdServer;
	readonly #seconds: number;
	readonly #views: ServiceViews;
	/** The watches that have watchers. */
	readonly #watches = new Set<KeyWatch>();
	readonly #pulse: Pulse;

	constructor(location: string, server: EtcdServer, seconds: number, logger: Logger) {
		const ttlMs = seconds * 1_000;
		this.location = location;
		this.#server = server;
		this.#seconds = seconds;
		// A silence as long as two thirds of the time to live is noticed, before the leases run out.
		this.#pulse = new Pulse({
			everyMs: ttlMs / 6,
			ask: () => server.check(ttlMs / 2),
			missed: (error) => {
				for (const watch of this.#watches) watch.restart(toServiceError(error));
			},
		});
		this.#views = new ServiceViews((filter, view) => {
			const shown = new ServerView(view, { name: "etcd", filter, ttlMs, logger });
			const watch = new KeyWatch(filter, shown, server, ttlMs);
			return { start: () => this.#begin(watch), stop: () => this.#end(watch) };
		});
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		const lease = new EtcdLease(this.#server, instanceRecord(instance), this.#seconds, (keys) => {
			for (const watch of this.#watches) watch.take(keys);
		});
		await lease.begin(ctx);
		return lease;
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		const known = new InstanceKeys();
		for (const key of (await readRange(this.#server, filter, ctx)).keys) known.put(key);
		return Array.from(known.records(), ({ instance }) => instance).filter((instance) =>
			matches(filter, instance),
		);
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#views.watch(filter, ctx);
	}

	/** The clock of a member, to the second. */
	clock(ctx: Context): Promise<RegistryClock | undefined> {
		return this.#server.clock(ctx);
	}

	async close(): Promise<void> {
		this.#views.close();
		this.#pulse.stop();
		this.#server.close();
	}

	#begin(watch: KeyWatch): void {
		this.#watches.add(watch);
		if (this.#watches.size === 1) this.#pulse.start();
		watch.start();
	}

	#end(watch: KeyWatch): void {
		this.#watches.delete(watch);
		if (this.#watches.size === 0) this.#pulse.stop();
		watch.stop();
	}
}

function secondsOf(ttlMs: number): number {
	if (ttlMs > 0 && Number.isInteger(ttlMs)) return Math.ceil(ttlMs / 1_000);
	throw invalid(`the time to live must be a whole number of milliseconds, not ${ttlMs}`);
}

function invalid(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
