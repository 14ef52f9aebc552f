import {
	type BackendTls,
	readTls,
	type ServerUrlForm,
	ServerView,
	serverUrl,
	tlsConnection,
} from "@allium/backend";
import { type Context, type Instance, type Logger, type Registry, silentLogger } from "@allium/core";
import { type AdapterOptions, invalidUrl } from "@allium/core/adapter";
import {
	defaultTtlMs,
	InstanceView,
	instanceRecord,
	type Lease,
	matches,
	type RegistryClock,
	type RegistryEvent,
	type RegistryFilter,
} from "@allium/core/registry";
import { ChangeFeed } from "./change-feed.ts";
import { millisecondsOf, readInstances } from "./instances.ts";
import { RedisLease } from "./redis-lease.ts";
import { RedisServer } from "./redis-server.ts";
import { type RegistryKeys, registryKeys } from "./registry-keys.ts";

/** The longest answer of Redis is awaited for this time, in milliseconds. */
const longestLimitMs = 5_000;
const shortestLimitMs = 500;
/** The longest time to live of a registration, in milliseconds. */
const longestTtlMs = 3_600_000;

/** The options of a Redis registry. Parameters of the URL take precedence. */
export interface RedisOptions extends Partial<AdapterOptions> {
	/** How long a registration lasts without an update, in milliseconds, up to an hour. Default: 5000. */
	readonly ttlMs?: number;
	/**
	 * The prefix of the keys in Redis. Registries with different prefixes know nothing of each other. Default: `allium`.
	 */
	readonly prefix?: string;
	/** Default: the user that Redis takes by default. */
	readonly user?: string;
	readonly password?: string;
	/** For `redis+tls:`. Default: the authorities that Node trusts, and no certificate. */
	readonly tls?: BackendTls;
}

/**
 * The registry of a cluster in Redis 6.2 or later:
 *
 * - `redis://10.0.0.1:6379`, `redis://10.0.0.1:6379/2` for database 2, and `redis+tls://…` or `rediss://…` over TLS
 * - `redis://USER:PASSWORD@10.0.0.1`, and `redis://:PASSWORD@10.0.0.1` where there are no users
 * - options: `?ttlMs=` (milliseconds), `prefix=`, and `ca=`, `cert=`, `key=` (PEM files) and `serverName=`
 *
 * Renewals move a time in a sorted set. Changes go into a stream, from which a watcher learns what it missed.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form, `unavailable` when Redis does not answer,
 * `failed_precondition` when it refuses the user, or another server answers.
 */
export async function registry(url: string, options: RedisOptions = {}): Promise<Registry> {
	const { cwd = ".", logger = silentLogger } = options;
	const { servers, isSecure, user, password, path, options: given, location } = serverUrl(url, form);
	const ttlMs = checkedTtl(Number(given.get("ttlMs") ?? options.ttlMs ?? defaultTtlMs));
	const tls = { ...options.tls, ...(await readTls(given, cwd)) };
	const isInUrl = user !== "" || password !== "";
	const server = new RedisServer({
		server: servers[0] ?? { host: "127.0.0.1", port: form.defaultPort },
		tls: isSecure ? tlsConnection(tls) : undefined,
		user: isInUrl ? user : (options.user ?? ""),
		password: isInUrl ? password : (options.password ?? ""),
		database: databaseOf(path),
		limitMs: Math.min(longestLimitMs, Math.max(shortestLimitMs, ttlMs / 3)),
	});
	const keys = registryKeys(given.get("prefix") ?? options.prefix ?? "allium");
	const made = new RedisRegistry(location, { server, keys, ttlMs }, logger);
	try {
		await made.list();
		return made;
	} catch (error) {
		await made.close();
		throw error;
	}
}

const form: ServerUrlForm = {
	scheme: "redis",
	secureScheme: "rediss",
	defaultPort: 6379,
	severalServers: false,
	path: "database",
	options: ["ttlMs", "prefix"],
};

/** The parts of a registry. */
interface RedisRegistryParts {
	readonly server: RedisServer;
	readonly keys: RegistryKeys;
	readonly ttlMs: number;
}

class RedisRegistry implements Registry {
	readonly location: string;
	readonly spansHosts = true;
	readonly #parts: RedisRegistryParts;
	readonly #view: InstanceView;
	readonly #feed: ChangeFeed;

	constructor(location: string, parts: RedisRegistryParts, logger: Logger) {
		this.location = location;
		this.#parts = parts;
		this.#view = new InstanceView({ start: () => this.#feed.start(), stop: () => this.#feed.stop() });
		const { ttlMs } = parts;
		this.#feed = new ChangeFeed(
			new ServerView(this.#view, { name: "Redis", filter: {}, ttlMs, logger }),
			parts,
		);
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		const lease = new RedisLease(instanceRecord(instance), {
			...this.#parts,
			changed: (place) => this.#feed.reached(place),
		});
		await lease.begin(ctx);
		return lease;
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		const { server, keys } = this.#parts;
		const { records } = await readInstances(await server.connection(ctx), keys, ctx);
		return records.map(({ instance }) => instance).filter((instance) => matches(filter, instance));
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#view.watch(filter, ctx);
	}

	/** The clock of Redis. */
	async clock(ctx: Context): Promise<RegistryClock | undefined> {
		const now = millisecondsOf(await this.#parts.server.send("TIME", [], ctx));
		return Number.isFinite(now) ? { now, resolutionMs: 1 } : undefined;
	}

	async close(): Promise<void> {
		this.#view.close();
		this.#parts.server.close();
	}
}

function checkedTtl(ttlMs: number): number {
	if (ttlMs > 0 && ttlMs <= longestTtlMs && Number.isInteger(ttlMs)) return ttlMs;
	throw invalidUrl(
		`the time to live must be a whole number of milliseconds, at most ${longestTtlMs}, not ${ttlMs}`,
	);
}

function databaseOf(path: string): number {
	if (/^\d{0,4}$/.test(path)) return Number(path);
	throw invalidUrl(
		`what follows the slash of a redis: URL is the number of a database, as in redis://10.0.0.1:6379/2, not ${JSON.stringify(path)}`,
	);
}
