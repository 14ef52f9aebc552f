import { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import { checkDuration } from "../time/duration.ts";
import { after, type Timer } from "../time/timer.ts";
import type { Instance } from "./instance.ts";
import { type InstanceRecord, instanceKey, instanceRecord } from "./instance-record.ts";
import { InstanceView } from "./instance-view.ts";
import {
	defaultTtlMs,
	type Lease,
	matches,
	type Registry,
	type RegistryEvent,
	type RegistryFilter,
} from "./registry.ts";

/** How a memory registry works. */
export interface MemoryRegistryOptions {
	/** How long a registration lasts without an update, in milliseconds. Default: 5000. */
	readonly ttlMs?: number;
	/** The instances. Registries that are given the same object see each other. Default: a new one. */
	readonly instances?: MemoryInstances;
}

/**
 * A registry within one process, for tests and for applications of a single process.
 *
 * @throws RangeError when `ttlMs` is not above 0.
 */
export function memoryRegistry(options: MemoryRegistryOptions = {}): Registry {
	const ttlMs = checkDuration("ttlMs of memoryRegistry()", options.ttlMs ?? defaultTtlMs, "positive");
	return new MemoryRegistry(options.instances ?? new MemoryInstances(), ttlMs);
}

interface Entry {
	readonly record: InstanceRecord;
	readonly expiresAt: number;
}

/** The instances that several memory registries share, as processes share a backend. */
export class MemoryInstances {
	readonly #entries = new Map<string, Entry>();
	readonly #views = new Set<InstanceView>();
	#timer: Timer | undefined;
	#timerAt = Number.POSITIVE_INFINITY;
	/** The number of entries at which expired ones are removed, so that they do not pile up while nobody watches. */
	#crowd = 64;

	/** @internal */
	"~put"(record: InstanceRecord, ttlMs: number): void {
		const expiresAt = performance.now() + ttlMs;
		this.#entries.set(record.key, { record, expiresAt });
		for (const view of this.#views) view.put(record);
		if (this.#entries.size > this.#crowd) {
			this.#expire();
			this.#crowd = Math.max(64, 2 * this.#entries.size);
		}
		if (this.#views.size > 0) this.#arm(expiresAt);
	}

	/** @internal */
	"~delete"(key: string): void {
		if (!this.#entries.delete(key)) return;
		for (const view of this.#views) view.delete(key, true);
	}

	/** @internal */
	"~records"(): InstanceRecord[] {
		this.#expire();
		return Array.from(this.#entries.values(), ({ record }) => record);
	}

	/** @internal Keeps a view up to date until it leaves. */
	"~join"(view: InstanceView): void {
		this.#views.add(view);
		view.replace(this["~records"]());
		this.#arm(this.#earliest());
	}

	/** @internal */
	"~leave"(view: InstanceView): void {
		this.#views.delete(view);
		if (this.#views.size === 0) this.#disarm();
	}

	#expire(): void {
		const now = performance.now();
		for (const [key, { expiresAt }] of this.#entries) {
			if (expiresAt > now) continue;
			this.#entries.delete(key);
			for (const view of this.#views) view.delete(key);
		}
	}

	/** The exact time at which an instance is gone matters only while there is a watcher. */
	#arm(expiresAt: number): void {
		if (expiresAt >= this.#timerAt) return;
		this.#timer?.stop();
		this.#timerAt = expiresAt;
		this.#timer = after(Math.ceil(expiresAt - performance.now()), () => {
			this.#disarm();
			this.#expire();
			if (this.#views.size > 0) this.#arm(this.#earliest());
		});
	}

	#earliest(): number {
		let earliest = Number.POSITIVE_INFINITY;
		for (const { expiresAt } of this.#entries.values()) earliest = Math.min(earliest, expiresAt);
		return earliest;
	}

	#disarm(): void {
		this.#timer?.stop();
		this.#timer = undefined;
		this.#timerAt = Number.POSITIVE_INFINITY;
	}
}

class MemoryRegistry implements Registry {
	readonly #instances: MemoryInstances;
	readonly #ttlMs: number;
	readonly #view: InstanceView;
	#closed = false;

	constructor(instances: MemoryInstances, ttlMs: number) {
		this.#instances = instances;
		this.#ttlMs = ttlMs;
		this.#view = new InstanceView({
			start: () => instances["~join"](this.#view),
			stop: () => instances["~leave"](this.#view),
		});
	}

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		this.#check(ctx);
		const lease = new MemoryLease(this.#instances, instanceKey(instance), this.#ttlMs, () => this.#check());
		await lease.update(instance);
		return lease;
	}

	async list(filter: RegistryFilter = {}, ctx: Context = Context.background()): Promise<Instance[]> {
		this.#check(ctx);
		return this.#instances["~records"]()
			.map(({ instance }) => instance)
			.filter((instance) => matches(filter, instance));
	}

	watch(filter: RegistryFilter, ctx: Context): AsyncIterable<RegistryEvent> {
		return this.#view.watch(filter, ctx);
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#view.close();
	}

	#check(ctx?: Context): void {
		if (this.#closed) throw refused("the registry is closed");
		if (ctx?.error !== undefined) throw ctx.error;
	}
}

class MemoryLease implements Lease {
	readonly ttlMs: number;
	/** Never aborts: memory forgets nothing. */
	readonly lost: AbortSignal = new AbortController().signal;
	readonly #instances: MemoryInstances;
	readonly #key: string;
	readonly #check: () => void;
	#released = false;

	constructor(instances: MemoryInstances, key: string, ttlMs: number, check: () => void) {
		this.#instances = instances;
		this.#key = key;
		this.ttlMs = ttlMs;
		this.#check = check;
	}

	async update(instance: Instance): Promise<void> {
		this.#check();
		if (this.#released) throw refused("the lease was released");
		const record = instanceRecord(instance);
		if (record.key !== this.#key) throw refused("the lease is of another instance");
		this.#instances["~put"](record, this.ttlMs);
	}

	async release(): Promise<void> {
		this.#released = true;
		this.#instances["~delete"](this.#key);
	}
}

function refused(message: string): ServiceError {
	return new ServiceError({ code: "failed_precondition", message });
}
