import type { Context, Instance, Registry } from "@allium/core";
import type { Share } from "@allium/core/adapter";
import { refusal } from "@allium/core/adapter";
import {
	defaultTtlMs,
	instanceRecord,
	type Lease,
	matches,
	type RegistryClock,
	type RegistryEvent,
	type RegistryFilter,
	Renewals,
} from "@allium/core/registry";
import { longestTtlMs, shortestTtlMs } from "./heartbeat.ts";
import { ListingQueue } from "./listing-queue.ts";
import { type NatsConnection, natsConnection } from "./nats-connection.ts";
import { NatsLease } from "./nats-lease.ts";
import { type NatsOptions, parseNatsUrl } from "./nats-url.ts";
import { RegistryFeed } from "./registry-feed.ts";
import { keysOf } from "./registry-keys.ts";
import { RegistryStorage, type StorageOptions } from "./registry-storage.ts";
import { bucketName, oneOf, wholeNumber } from "./storage-options.ts";

/** The options of a NATS registry. Each may also be a query parameter of the URL; these options take precedence. */
export interface NatsRegistryOptions extends NatsOptions {
	/** How long a registration lasts without an update, in milliseconds: from 100 to 600000. Default: 5000. */
	readonly ttlMs?: number;
	/** The bucket of the key-value store, and the first part of the subjects of heartbeats. Default: `allium`. */
	readonly bucket?: string;
	/**
	 * How many servers of the cluster hold the records: 1, 3 or 5. It counts only for the process that makes the bucket.
	 * Default: 1.
	 */
	readonly replicas?: number;
	/**
	 * Where the records are kept: `file` or `memory`. It counts only for the process that makes the bucket. Default:
	 * `file`.
	 */
	readonly storage?: "file" | "memory";
	/** The process that opens the registry. Ports with the same scope and servers share a connection. */
	readonly scope?: object;
}

const parameterNames = ["ttlMs", "bucket", "replicas", "storage"] as const;

/**
 * The registry of a cluster, on the key-value store of NATS JetStream: `nats://user:password@host1:4222,host2:4222`.
 * It needs NATS 2.9 or newer with JetStream. The first registration makes the bucket and a stream for heartbeats;
 * reading alone makes neither.
 *
 * @throws ServiceError `invalid_argument` for a URL or an option that cannot be used; `unavailable` when no server
 * answers; `failed_precondition` when the server refuses the credentials or the certificate, or is too old. The
 * operations of the registry reject with `unavailable` while there is no connection, and with `permission_denied`,
 * which names the subject, for what the server does not let this user do.
 * @example
 * const open = await registry("nats://127.0.0.1:4222?ttlMs=2000");
 */
export async function registry(url: string, options: NatsRegistryOptions = {}): Promise<Registry> {
	const { address, location, parameters } = parseNatsUrl(url, options, parameterNames);
	const { ttlMs, ...storage } = readOptions(options, parameters);
	const share = await natsConnection(address, options.scope ?? {});
	// So that instances are back before the grace of their watchers is over.
	share.resource.tryWithin(ttlMs / 3);
	return new NatsRegistry(location, share, new RegistryStorage(share.resource, storage), ttlMs);
}

class NatsRegistry implements Registry {
	readonly location: string;
	readonly spansHosts = true;
	readonly #share: Share<NatsConnection>;
	readonly #storage: RegistryStorage;
	readonly #listings: ListingQueue;
	readonly #renewals: Renewals;
	readonly #ttlMs: number;
	/** The feeds of the watched keys. */
	readonly #feeds = new Map<string, RegistryFeed>();
	#isClosed = false;

	constructor(location: string, share: Share<NatsConnection>, storage: RegistryStorage, ttlMs: number) {
		this.location = location;
		this.#share = share;
		this.#storage = storage;
		this.#listings = new ListingQueue(storage);
		this.#renewals = new Renewals({ ttlMs, expired: (term) => this.#onOverdue(term) });
		this.#ttlMs = ttlMs;
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		const record = instanceRecord(instance);
		const lease = new NatsLease(this.#storage, record.key, this.#ttlMs, () => this.#checkOpen());
		await lease.begin(instance, ctx);
		return lease;
	}

	async list(filter: RegistryFilter = {}, ctx?: Context): Promise<Instance[]> {
		this.#checkOpen();
		if (ctx?.error !== undefined) throw ctx.error;
		const { records, alive } = await this.#storage.list(keysOf(filter), ctx);
		const found = new Map<string, Instance>();
		for (const { key, record } of records) {
			if (alive.has(key) && matches(filter, record.instance)) found.set(record.key, record.instance);
		}
		return [...found.values()];
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return { [Symbol.asyncIterator]: () => this.#feed(keysOf(filter)).view.watch(filter, ctx) };
	}

	/** The clock of the server, which it tells as soon as something was registered there. */
	async clock(ctx: Context): Promise<RegistryClock | undefined> {
		this.#checkOpen();
		const now = await this.#storage.clock(ctx);
		return now === undefined ? undefined : { now, resolutionMs: 1 };
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		for (const { view } of [...this.#feeds.values()]) view.close();
		this.#renewals.close();
		this.#listings.close();
		await this.#share.release();
	}

	#feed(keys: string): RegistryFeed {
		const known = this.#feeds.get(keys);
		if (known !== undefined) return known;
		const feed = new RegistryFeed(this.#storage, this.#listings, this.#renewals, keys, this.#ttlMs, () => {
			if (this.#feeds.get(keys) === feed) this.#feeds.delete(keys);
		});
		if (this.#isClosed) feed.view.close();
		else this.#feeds.set(keys, feed);
		return feed;
	}

	#onOverdue(term: string): void {
		const [keys = "", name = ""] = term.split(" ");
		this.#feeds.get(keys)?.onOverdue(name);
	}

	#checkOpen(): void {
		if (this.#isClosed) throw refusal("the registry is closed");
	}
}

function readOptions(
	options: NatsRegistryOptions,
	parameters: Readonly<Record<string, string>>,
): StorageOptions & { readonly ttlMs: number } {
	const { ttlMs = parameters.ttlMs ?? defaultTtlMs, replicas = parameters.replicas ?? 1 } = options;
	return {
		bucket: bucketName(options.bucket ?? parameters.bucket),
		storage: oneOf("storage", options.storage ?? parameters.storage, ["file", "memory"]),
		replicas: wholeNumber("replicas", replicas, 1, 5),
		ttlMs: wholeNumber("ttlMs", ttlMs, shortestTtlMs, longestTtlMs),
	};
}
