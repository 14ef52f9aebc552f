import {
	type BackendTls,
	readTls,
	type ServerUrlForm,
	ServerView,
	ServiceViews,
	serverUrl,
	tlsConnection,
} from "@allium/backend";
import { type Context, type Instance, type Logger, type Registry, silentLogger } from "@allium/core";
import { type AdapterOptions, invalidUrl } from "@allium/core/adapter";
import {
	defaultTtlMs,
	instanceRecord,
	type Lease,
	matches,
	type RegistryEvent,
	type RegistryFilter,
	Renewals,
} from "@allium/core/registry";
import { InstanceNodes } from "./instance-nodes.ts";
import { InstanceTree } from "./instance-tree.ts";
import { folderOf } from "./node-paths.ts";
import { TreeWatch } from "./tree-watch.ts";
import { ZooSession } from "./zoo-session.ts";
import { ZooKeeperLease } from "./zookeeper-lease.ts";

/** The options of a ZooKeeper registry. Parameters of the URL take precedence. */
export interface ZooKeeperOptions extends Partial<AdapterOptions> {
	/**
	 * How long a registration lasts without an update, in milliseconds. A process that dies is gone with its session,
	 * whose time the servers bound: 2 to 20 of their ticks, so 4 to 40 s with their defaults. Default: 5000.
	 */
	readonly ttlMs?: number;
	/** The user of digest authentication. The nodes belong to it, and nobody else may see them. Default: none. */
	readonly user?: string;
	readonly password?: string;
	/** For `zookeeper+tls:`. Default: the authorities that Node trusts, and no certificate. */
	readonly tls?: BackendTls;
}

/**
 * The registry of a cluster in ZooKeeper 3.5 or later:
 *
 * - `zookeeper://10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181`, and `zookeeper+tls://…` over TLS
 * - `zookeeper://10.0.0.1/shop`, whose nodes are below `/shop`. Default: below `/allium`
 * - `zookeeper://USER:PASSWORD@10.0.0.1`, by digest authentication
 * - options: `?ttlMs=` (milliseconds), and `ca=`, `cert=`, `key=` (PEM files) and `serverName=`
 *
 * An instance is an ephemeral node `/allium/<namespace>/<contract>/<id>` for each of its contracts.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form, `unavailable` when no server answers,
 * `failed_precondition` when ZooKeeper refuses the user, or another server answers.
 */
export async function registry(url: string, options: ZooKeeperOptions = {}): Promise<Registry> {
	const { cwd = ".", logger = silentLogger } = options;
	const { servers, isSecure, path, options: given, location, ...login } = serverUrl(url, form);
	const { user, password } = login.user === "" ? options : login;
	const ttlMs = checkedTtl(Number(given.get("ttlMs") ?? options.ttlMs ?? defaultTtlMs));
	const tls = { ...options.tls, ...(await readTls(given, cwd)) };
	const base = baseOf(path);
	const session = new ZooSession({
		servers,
		tls: isSecure ? tlsConnection(tls) : undefined,
		login: user === undefined ? undefined : `${user}:${password ?? ""}`,
		timeoutMs: ttlMs,
		base,
	});
	try {
		await session.start();
		const made = new ZooKeeperRegistry(location, session, {
			base,
			ttlMs,
			hasUser: user !== undefined,
			logger,
		});
		await made.list({ namespace: "", service: "" });
		return made;
	} catch (error) {
		session.close(true);
		throw error;
	}
}

const form: ServerUrlForm = {
	scheme: "zookeeper",
	defaultPort: 2181,
	severalServers: true,
	path: "path",
	options: ["ttlMs"],
};

interface ZooKeeperRegistryOptions {
	readonly base: string;
	readonly ttlMs: number;
	readonly hasUser: boolean;
	readonly logger: Logger;
}

class ZooKeeperRegistry implements Registry {
	readonly location: string;
	readonly spansHosts = true;
	readonly #session: ZooSession;
	readonly #base: string;
	/** How long a registration lasts: no shorter than the servers let a session. */
	readonly #ttlMs: number;
	readonly #views: ServiceViews;
	/** The watches that have watchers. */
	readonly #watches = new Set<TreeWatch>();
	readonly #nodes: InstanceNodes;
	/** The leases that have to be renewed, by their names among the renewals. */
	readonly #leases = new Map<string, ZooKeeperLease>();
	readonly #names = new Map<ZooKeeperLease, string>();
	readonly #renewals: Renewals;
	#leasesBegun = 0;

	constructor(location: string, session: ZooSession, options: ZooKeeperRegistryOptions) {
		const { base, ttlMs, hasUser, logger } = options;
		this.location = location;
		this.#session = session;
		this.#base = base;
		this.#ttlMs = Math.max(ttlMs, session.timeoutMs);
		this.#nodes = new InstanceNodes(session, hasUser ? "user" : "world");
		this.#renewals = new Renewals({ ttlMs: this.#ttlMs, expired: (name) => this.#expired(name) });
		// Without a connection nobody can renew a lease. The session bounds how long that may take.
		session.follow({ connected: () => this.#renewals.resume(), lost: () => this.#renewals.pause() });
		this.#views = new ServiceViews((filter, view) => {
			const shown = new ServerView(view, { name: "ZooKeeper", filter, ttlMs: session.timeoutMs, logger });
			const watch = new TreeWatch(folderOf(base, filter), shown, session);
			return {
				start: () => {
					this.#watches.add(watch);
					watch.start();
				},
				stop: () => {
					this.#watches.delete(watch);
					watch.stop();
				},
			};
		});
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		const lease = new ZooKeeperLease(instanceRecord(instance), {
			nodes: this.#nodes,
			base: this.#base,
			ttlMs: this.#ttlMs,
			changed: this.#changed,
			awaited: (each, isAwaited) => this.#awaited(each, isAwaited),
		});
		this.#names.set(lease, String(this.#leasesBegun++));
		await lease.begin(ctx);
		return lease;
	}

	list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		return this.#session.run(async (connection) => {
			const tree = new InstanceTree(connection, folderOf(this.#base, filter));
			await tree.load();
			return Array.from(tree.records(), ({ instance }) => instance).filter((each) => matches(filter, each));
		}, ctx);
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#views.watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#views.close();
		this.#renewals.close();
		this.#session.close(this.#leases.size === 0);
	}

	readonly #changed = async (): Promise<void> => {
		await Promise.all(Array.from(this.#watches, (watch) => watch.settled()));
	};

	#awaited(lease: ZooKeeperLease, isAwaited: boolean): void {
		const name = this.#names.get(lease) ?? "";
		if (isAwaited) {
			this.#leases.set(name, lease);
			this.#renewals.renewed(name);
		} else {
			this.#leases.delete(name);
			this.#names.delete(lease);
			this.#renewals.forget(name);
		}
	}

	#expired(name: string): void {
		const lease = this.#leases.get(name);
		this.#leases.delete(name);
		lease?.expire();
	}
}

function checkedTtl(ttlMs: number): number {
	if (ttlMs > 0 && ttlMs < 2 ** 31 && Number.isInteger(ttlMs)) return ttlMs;
	throw invalidUrl(`the time to live must be a whole number of milliseconds, not ${ttlMs}`);
}

function baseOf(path: string): string {
	const names = path.split("/").filter((name) => name !== "");
	if (names.length === 0) return "/allium";
	if (/^[\w.~/-]+$/.test(path) && !names.some((name) => /^\.+$/.test(name))) return `/${names.join("/")}`;
	throw invalidUrl(
		`the path of a zookeeper: URL is made of letters, digits, - and _, as in zookeeper://10.0.0.1:2181/shop, not ${JSON.stringify(path)}`,
	);
}
