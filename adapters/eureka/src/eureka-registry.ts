import { type BackendTls, readTls, type ServerUrlForm, ServerView, serverUrl } from "@allium/backend";
import { type Context, type Instance, type Logger, type Registry, silentLogger } from "@allium/core";
import { type AdapterOptions, invalidUrl } from "@allium/core/adapter";
import {
	InstanceView,
	instanceRecord,
	type Lease,
	matches,
	type RegistryClock,
	type RegistryEvent,
	type RegistryFilter,
} from "@allium/core/registry";
import { EurekaLease } from "./eureka-lease.ts";
import { EurekaServers } from "./eureka-servers.ts";
import { KnownInstances } from "./known-instances.ts";
import { RegistryPoll } from "./registry-poll.ts";

/**
 * The default time to live, in milliseconds: that of Eureka's own clients. Its self-preservation counts their renewals,
 * two a minute of each, and one that renews more often would hide that others fell silent.
 */
const defaultTtlMs = 90_000;
const longestTtlMs = 3_600_000;
const defaultPollMs = 5_000;
const shortestPollMs = 10;
/** The longest answer of Eureka is awaited for this time, in milliseconds. */
const longestLimitMs = 5_000;
const shortestLimitMs = 500;

/** The options of a Eureka registry. Parameters of the URL take precedence. */
export interface EurekaOptions extends Partial<AdapterOptions> {
	/** How long a registration lasts without an update, in milliseconds: whole seconds, up to an hour. Default: 90000. */
	readonly ttlMs?: number;
	/** How often a process that watches asks for changes, in milliseconds. Default: 5000. */
	readonly pollMs?: number;
	/** Default: Eureka is asked without a user. */
	readonly user?: string;
	readonly password?: string;
	/** For `eureka+tls:`. Default: the authorities that Node trusts, and no certificate. */
	readonly tls?: BackendTls;
}

/**
 * The registry of a cluster in Eureka, of Netflix or of `@allium/eureka-server`:
 *
 * - `eureka://10.0.0.1:8761`, `eureka://10.0.0.1:8761,10.0.0.2:8761/eureka/v2`, and `eureka+tls://…` over TLS. The path
 *   is `/eureka` where none is given; the next server is asked where one does not answer
 * - `eureka://USER:PASSWORD@10.0.0.1:8761`
 * - options: `?ttlMs=`, `pollMs=` (milliseconds), and `ca=`, `cert=`, `key=` (PEM files) and `serverName=`
 *
 * An instance is one of Eureka's, with the names of its contracts as virtual addresses. Instances that others
 * registered are listed as foreign instances. Eureka does not push changes, so they are polled.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form, `unavailable` when Eureka does not answer,
 * `failed_precondition` when it refuses the user, or another server answers.
 */
export async function registry(url: string, options: EurekaOptions = {}): Promise<Registry> {
	const { namespace = "default", cwd = ".", logger = silentLogger } = options;
	const { origins, user, password, path, options: given, location } = serverUrl(url, form);
	const ttlMs = checkedTtl(Number(given.get("ttlMs") ?? options.ttlMs ?? defaultTtlMs));
	const pollMs = checkedPoll(Number(given.get("pollMs") ?? options.pollMs ?? defaultPollMs));
	const isInUrl = user !== "" || password !== "";
	const servers = new EurekaServers({
		origins,
		path: path === "" ? "/eureka" : `/${path.replace(/\/+$/, "")}`,
		tls: { ...options.tls, ...(await readTls(given, cwd)) },
		user: isInUrl ? user : (options.user ?? ""),
		password: isInUrl ? password : (options.password ?? ""),
		// A renewal may have to try each of the servers.
		limitMs: Math.min(longestLimitMs, Math.max(shortestLimitMs, ttlMs / 3 / origins.length)),
	});
	try {
		await servers.check();
	} catch (error) {
		servers.close();
		throw error;
	}
	return new EurekaRegistry(location, servers, { namespace, ttlMs, pollMs, logger });
}

const form: ServerUrlForm = {
	scheme: "eureka",
	defaultPort: 8761,
	severalServers: true,
	path: "eureka",
	options: ["ttlMs", "pollMs"],
};

interface EurekaRegistryOptions {
	readonly namespace: string;
	readonly ttlMs: number;
	readonly pollMs: number;
	readonly logger: Logger;
}

class EurekaRegistry implements Registry {
	readonly location: string;
	readonly spansHosts = true;
	readonly #servers: EurekaServers;
	readonly #options: EurekaRegistryOptions;
	readonly #view: InstanceView;
	readonly #poll: RegistryPoll;

	constructor(location: string, servers: EurekaServers, options: EurekaRegistryOptions) {
		const { ttlMs, logger } = options;
		this.location = location;
		this.#servers = servers;
		this.#options = options;
		this.#view = new InstanceView({ start: () => this.#poll.start(), stop: () => this.#poll.stop() });
		const shown = new ServerView(this.#view, { name: "Eureka", filter: {}, ttlMs, logger });
		this.#poll = new RegistryPoll(servers, shown, options);
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		const lease = new EurekaLease(instanceRecord(instance), {
			servers: this.#servers,
			ttlMs: this.#options.ttlMs,
			changed: () => this.#poll.refresh(),
		});
		await lease.begin(ctx);
		return lease;
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		const known = new KnownInstances(this.#options.namespace);
		known.replace(await this.#servers.all(ctx));
		return known
			.records()
			.map(({ instance }) => instance)
			.filter((instance) => matches(filter, instance));
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#view.watch(filter, ctx);
	}

	/** The clock of the server that answers, to the second. */
	clock(ctx: Context): Promise<RegistryClock | undefined> {
		return this.#servers.clock(ctx);
	}

	async close(): Promise<void> {
		this.#view.close();
		this.#servers.close();
	}
}

function checkedTtl(ttlMs: number): number {
	if (ttlMs >= 1_000 && ttlMs <= longestTtlMs && ttlMs % 1_000 === 0) return ttlMs;
	throw invalidUrl(
		`the time to live must be whole seconds in milliseconds, as Eureka counts it: 1000, 2000, up to ${longestTtlMs}, not ${ttlMs}`,
	);
}

function checkedPoll(pollMs: number): number {
	if (pollMs >= shortestPollMs && pollMs <= longestTtlMs) return pollMs;
	throw invalidUrl(`pollMs must be from ${shortestPollMs} to ${longestTtlMs} milliseconds, not ${pollMs}`);
}
