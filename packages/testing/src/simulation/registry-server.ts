import type { Instance } from "@allium/core";
import { type InstanceRecord, instanceRecord, Renewals } from "@allium/core/registry";
import type { Latency } from "./latency.ts";

/** How the registry of a simulation misbehaves. Its messages are datagrams, so the network's faults come on top. */
export interface RegistryFaults {
	/** How long the registry goes on listing an instance whose lease has run out. Default: not at all. */
	readonly lateExpiry?: Latency;
	/** A restart brings back what the registry knew this long before, in milliseconds. Default: 0. */
	readonly snapshotAgeMs?: number;
	/** How often a read is answered by a replica, and how far that is behind, in milliseconds. Default: never. */
	readonly staleReads?: { readonly probability: number; readonly ageMs: number };
}

/** The contents of the registry at one time. Revisions count the changes since it started; each start is an epoch. */
export interface RegistryState {
	readonly epoch: number;
	readonly revision: number;
	readonly records: ReadonlyMap<string, InstanceRecord>;
}

/** A message of the registry to its watchers. It does not tell when a lease runs out. */
export type RegistryNews =
	| {
			readonly type: "put";
			readonly epoch: number;
			readonly revision: number;
			readonly record: InstanceRecord;
	  }
	| { readonly type: "released"; readonly epoch: number; readonly revision: number; readonly key: string }
	/** A heartbeat: an instance is there, unchanged. */
	| { readonly type: "renewed"; readonly epoch: number; readonly key: string };

/** A watcher. */
export interface Subscriber {
	/** Whether it is still there. */
	isAlive(): boolean;
	tell(news: RegistryNews): void;
}

/** The options of a server. */
export interface RegistryServerOptions {
	readonly ttlMs: number;
	readonly epoch: number;
	/** The registrations from before a restart, as if read from a disk. Each instance gets a full time to live. */
	readonly records: ReadonlyMap<string, InstanceRecord>;
	readonly faults: () => RegistryFaults;
	/** Virtual milliseconds. */
	readonly now: () => number;
	/** From 0 to 1. */
	readonly random: () => number;
}

/** The registry itself. Every request may arrive twice, or late. */
export class RegistryServer {
	readonly #options: RegistryServerOptions;
	readonly #subscribers = new Set<Subscriber>();
	readonly #renewals: Renewals;
	/** The states so far, the latest last. */
	readonly #history: { readonly at: number; readonly state: RegistryState }[] = [];

	constructor(options: RegistryServerOptions) {
		const { ttlMs, epoch, records } = options;
		this.#options = options;
		this.#renewals = new Renewals({ ttlMs, expired: (key) => this.#change(key, undefined) });
		this.#remember({ epoch, revision: 0, records });
		for (const key of records.keys()) this.#renew(key);
	}

	/** Registers an instance, or renews its lease. */
	async put(instance: Instance): Promise<void> {
		const record = instanceRecord(instance);
		const { epoch, records } = this.#state;
		const { key } = record;
		this.#renew(key);
		if (records.get(key)?.text === record.text) this.#tell({ type: "renewed", epoch, key });
		else this.#tell({ type: "put", epoch, revision: this.#change(key, record), record });
	}

	async release(key: string): Promise<void> {
		this.#renewals.forget(key);
		const { epoch, records } = this.#state;
		if (records.has(key))
			this.#tell({ type: "released", epoch, revision: this.#change(key, undefined), key });
	}

	async list(): Promise<Instance[]> {
		return Array.from(this.#read().records.values(), ({ instance }) => instance);
	}

	/** Subscribes to changes. Returns the current state, which may be older than the changes that were told. */
	async subscribe(subscriber: Subscriber): Promise<RegistryState> {
		this.#subscribers.add(subscriber);
		return this.#read();
	}

	/** The state some time ago. */
	stateBefore(ageMs: number): RegistryState {
		const then = this.#options.now() - ageMs;
		return (this.#history.findLast(({ at }) => at <= then) ?? this.#history[0])?.state ?? this.#state;
	}

	get #state(): RegistryState {
		const latest = this.#history.at(-1);
		if (latest === undefined) throw new Error("the registry knows no state");
		return latest.state;
	}

	#read(): RegistryState {
		const { faults, random } = this.#options;
		const { staleReads } = faults();
		const isStale = staleReads !== undefined && random() < staleReads.probability;
		return isStale ? this.stateBefore(staleReads.ageMs) : this.#state;
	}

	#renew(key: string): void {
		const { ttlMs, faults, random } = this.#options;
		this.#renewals.renewed(key, ttlMs + (faults().lateExpiry?.(random) ?? 0));
	}

	/** Sets or removes a record. Returns the new revision. */
	#change(key: string, record: InstanceRecord | undefined): number {
		const { epoch, revision, records } = this.#state;
		const changed = new Map(records);
		if (record === undefined) changed.delete(key);
		else changed.set(key, record);
		this.#remember({ epoch, revision: revision + 1, records: changed });
		return revision + 1;
	}

	#remember(state: RegistryState): void {
		const { snapshotAgeMs = 0, staleReads } = this.#options.faults();
		const oldest = this.#options.now() - Math.max(snapshotAgeMs, staleReads?.ageMs ?? 0);
		while ((this.#history[1]?.at ?? Number.POSITIVE_INFINITY) <= oldest) this.#history.shift();
		this.#history.push({ at: this.#options.now(), state });
	}

	#tell(news: RegistryNews): void {
		for (const subscriber of this.#subscribers) {
			if (subscriber.isAlive()) subscriber.tell(news);
			else this.#subscribers.delete(subscriber);
		}
	}
}
