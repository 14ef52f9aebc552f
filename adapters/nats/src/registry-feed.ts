import { isServiceError } from "@allium/core";
import { InstanceView, type Renewals } from "@allium/core/registry";
import { after, Backoff, type Timer } from "@allium/core/transport";
import type { Msg, Subscription } from "@nats-io/transport-node";
import { operationFailure } from "./failure.ts";
import { type Heartbeat, parseHeartbeat, recordVersion } from "./heartbeat.ts";
import type { ListingQueue } from "./listing-queue.ts";
import { OverdueInstances } from "./overdue-instances.ts";
import { instanceOf, recordKeys } from "./registry-keys.ts";
import {
	isRemoval,
	type Listing,
	type RegistryStorage,
	type StoredRecord,
	storedRecord,
} from "./registry-storage.ts";

/** The delay before a listing is tried again, in milliseconds. */
const retryBounds = { firstMs: 100, longestMs: 5_000 };
const decoder = new TextDecoder();

/** An instance that the view shows. */
interface Shown {
	readonly stored: StoredRecord;
	readonly ttlMs: number;
	/** The version of its record that heartbeats name; undefined before the first. */
	version?: string;
}

/**
 * Keeps a view equal to the server's records under the keys of one filter, while the view is watched. It subscribes to
 * the records and heartbeats under these keys alone, and lists them at first and after each loss of the connection.
 *
 * The heartbeats reveal changes that a subscription missed, because each names the version of its record. An instance
 * whose heartbeats stay away is gone after its time to live, by the clock of this process.
 */
export class RegistryFeed {
	readonly view: InstanceView;
	readonly #storage: RegistryStorage;
	readonly #listings: ListingQueue;
	readonly #keys: string;
	readonly #ttlMs: number;
	readonly #stopped: () => void;
	readonly #renewals: Renewals;
	readonly #backoff = new Backoff(retryBounds);
	/** The instances that the view shows, by the part of their keys that is the same for all services. */
	readonly #shown = new Map<string, Shown>();
	/** The changes since the listing that is under way began. Undefined marks an instance that has left. */
	#changed: Map<string, StoredRecord | undefined> | undefined;
	/** The instances whose records are being fetched. */
	readonly #fetching = new Set<string>();
	readonly #overdue: OverdueInstances;
	#subscriptions: readonly Subscription[] = [];
	#unlisten: (() => void) | undefined;
	#timer: Timer | undefined;
	/** Counts the listings, so that one which comes too late is ignored. */
	#listing = 0;
	#wasLost = false;

	/**
	 * @param renewals awaits the heartbeats of the feeds of a process, so that one timer serves them all. Its owner passes
	 * overdue names to `onOverdue`.
	 * @param ttlMs how long an instance lasts until its first heartbeat arrives, in milliseconds.
	 * @param stopped called when nobody watches any more.
	 */
	constructor(
		storage: RegistryStorage,
		listings: ListingQueue,
		renewals: Renewals,
		keys: string,
		ttlMs: number,
		stopped: () => void,
	) {
		this.#storage = storage;
		this.#listings = listings;
		this.#keys = keys;
		this.#ttlMs = ttlMs;
		this.#stopped = stopped;
		this.#renewals = renewals;
		this.view = new InstanceView({ start: () => this.#start(), stop: () => this.#stop() });
		this.#overdue = new OverdueInstances({
			answers: () => storage.connection.answers(),
			spare: (name) => this.#spare(name),
			remove: (name) => this.#remove(name),
		});
	}

	/** The heartbeats of an instance stay away. */
	onOverdue(name: string): void {
		const shown = this.#shown.get(name);
		if (shown !== undefined) this.#overdue.add(name, shown.ttlMs);
	}

	#start(): void {
		const { connection } = this.#storage;
		this.#subscriptions = [
			this.#subscribe(this.#storage.recordSubject(this.#keys), (message) => this.#onRecord(message)),
			this.#subscribe(this.#storage.heartbeatSubject(this.#keys), (message) => this.#onHeartbeat(message)),
		];
		this.#unlisten = connection.listen({ lost: () => this.#onLost(), back: () => this.#onBack() });
		this.#wasLost = false;
		void this.#list();
	}

	#stop(): void {
		this.#listing++;
		this.#timer?.stop();
		this.#unlisten?.();
		for (const subscription of this.#subscriptions) subscription.unsubscribe();
		this.#subscriptions = [];
		for (const name of this.#shown.keys()) this.#renewals.forget(this.#term(name));
		this.#shown.clear();
		this.#overdue.clear();
		this.#changed = undefined;
		this.#stopped();
	}

	#subscribe(subject: string, take: (message: Msg) => void): Subscription {
		return this.#storage.connection.client.subscribe(subject, {
			callback: (error, message) => {
				if (error === null) take(message);
				else this.view.fail(operationFailure(error, this.#storage.connection.place));
			},
		});
	}

	#onLost(): void {
		this.#wasLost = true;
		this.#timer?.stop();
		this.#renewals.pause();
		this.view.pause();
	}

	#onBack(): void {
		this.#timer?.stop();
		const before = this.#listing;
		void this.#listings.moment().then(() => {
			if (this.#listing === before) void this.#list();
		});
	}

	#listAfter(delay: number): void {
		this.#timer?.stop();
		this.#timer = after(delay, () => void this.#list());
	}

	async #list(): Promise<void> {
		this.#listing++;
		const listing = this.#listing;
		this.#changed = new Map();
		try {
			// The answer says that the server has the subscriptions, so that nothing is lost between them and the listing.
			await this.#storage.connection.run((client) => client.flush());
			const found = await this.#listings.list(this.#keys);
			if (listing === this.#listing) this.#apply(found);
		} catch (error) {
			if (listing === this.#listing) this.#onFailure(error);
		}
	}

	/** Without a first listing, watchers have to know why. Later, the known instances stay until a listing succeeds. */
	#onFailure(error: unknown): void {
		// A server that starts may have no JetStream for a moment.
		const mayPass = isServiceError(error) && ["unavailable", "failed_precondition"].includes(error.code);
		if (!this.view.ready || !mayPass) this.view.fail(error);
		else if (this.#storage.connection.isUp) this.#listAfter(this.#backoff.next());
	}

	#apply({ records, removed, alive }: Listing): void {
		this.#backoff.reset();
		const up = new Map<string, Shown>();
		for (const stored of records) {
			const ttlMs = alive.get(stored.key);
			if (ttlMs !== undefined) up.set(instanceOf(stored.key), { stored, ttlMs });
		}
		const left = new Set([...removed].map(instanceOf));
		for (const [name, stored] of this.#changed ?? []) {
			if (stored === undefined) {
				up.delete(name);
				left.add(name);
			} else up.set(name, { stored, ttlMs: up.get(name)?.ttlMs ?? this.#ttlMs });
		}
		this.#changed = undefined;
		const released = new Set<string>();
		for (const [name, { stored }] of this.#shown) {
			if (left.has(name) && !up.has(name)) released.add(stored.record.key);
		}
		const graceMs = this.#longestTtlMs();
		for (const [name, shown] of up) this.#show(name, shown);
		this.#renewals.resume();
		const shown = Array.from(up.values(), ({ stored }) => stored.record);
		const isReleased = (key: string): boolean => released.has(key);
		if (this.#wasLost) this.view.resume(shown, graceMs, isReleased);
		else this.view.replace(shown, isReleased);
		this.#wasLost = false;
		for (const name of left) if (!up.has(name)) this.#forget(name);
	}

	/** The grace after a loss is long enough for every instance. */
	#longestTtlMs(): number {
		let longest = this.#ttlMs;
		for (const { ttlMs } of this.#shown.values()) longest = Math.max(longest, ttlMs);
		return longest;
	}

	#show(name: string, shown: Shown): void {
		this.#shown.set(name, shown);
		this.#renew(name, shown.ttlMs);
	}

	#renew(name: string, ttlMs: number): void {
		this.#overdue.delete(name);
		this.#renewals.renewed(this.#term(name), ttlMs);
	}

	#spare(name: string): void {
		const shown = this.#shown.get(name);
		if (shown !== undefined) this.#renew(name, shown.ttlMs);
	}

	#remove(name: string): void {
		const shown = this.#shown.get(name);
		if (shown === undefined) return;
		this.#forget(name);
		this.view.delete(shown.stored.record.key);
	}

	#forget(name: string): void {
		this.#shown.delete(name);
		this.#overdue.delete(name);
		this.#renewals.forget(this.#term(name));
	}

	#put(name: string, shown: Shown): void {
		this.#changed?.set(name, shown.stored);
		this.#show(name, shown);
		if (this.view.ready) this.view.put(shown.stored.record);
	}

	#onRecord(message: Msg): void {
		const key = message.subject.slice(this.#storage.recordSubject("").length);
		if (isRemoval(message.headers)) this.#onRemoval(key);
		const stored = storedRecord(key, message.data);
		if (stored === undefined) return;
		const name = instanceOf(key);
		this.#put(name, { stored, ttlMs: this.#shown.get(name)?.ttlMs ?? this.#ttlMs });
	}

	#onRemoval(key: string): void {
		const name = instanceOf(key);
		const shown = this.#shown.get(name);
		// The instance goes on without this service; its new record came before.
		if (shown !== undefined && !recordKeys(shown.stored.record.instance).includes(key)) return;
		this.#changed?.set(name, undefined);
		if (shown === undefined) return;
		this.#forget(name);
		this.view.delete(shown.stored.record.key, true);
	}

	#onHeartbeat(message: Msg): void {
		const heartbeat = parseHeartbeat(decoder.decode(message.data));
		if (heartbeat === undefined) return;
		const key = message.subject.slice(this.#storage.heartbeatSubject("").length);
		const name = instanceOf(key);
		const shown = this.#shown.get(name);
		if (shown !== undefined && versionOf(shown) === heartbeat.version) {
			this.#renew(name, heartbeat.ttlMs);
			if (shown.ttlMs !== heartbeat.ttlMs) this.#shown.set(name, { ...shown, ttlMs: heartbeat.ttlMs });
			// It may be one that is shown only until the grace is over.
			if (this.view.ready) this.view.put(shown.stored.record);
		} else if (this.#changed === undefined && !this.#fetching.has(name)) void this.#fetch(key, heartbeat);
	}

	/** Fetches the record of an instance that is alive and not known as it is now. */
	async #fetch(key: string, { ttlMs }: Heartbeat): Promise<void> {
		const name = instanceOf(key);
		this.#fetching.add(name);
		try {
			const stored = await this.#storage.get(key);
			if (stored !== undefined && this.#subscriptions.length > 0) this.#put(name, { stored, ttlMs });
		} catch {
			// The next heartbeat tries again.
		} finally {
			this.#fetching.delete(name);
		}
	}

	/** The name of an instance among what the renewals of all feeds await. */
	#term(name: string): string {
		return `${this.#keys} ${name}`;
	}
}

/** The version of a record is worked out when it is first asked for, because many records come at once. */
function versionOf(shown: Shown): string {
	shown.version ??= recordVersion(shown.stored.record.text);
	return shown.version;
}
