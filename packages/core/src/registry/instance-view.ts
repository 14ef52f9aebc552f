import type { Context } from "../context/context.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { InstanceWatch } from "./instance-watch.ts";
import type { RegistryEvent, RegistryFilter } from "./registry.ts";
import { Renewals } from "./renewals.ts";

/** The name of the grace in the list of awaited things. */
const grace = "grace";
/** A grace that is prolonged by instances that come back ends after this many times to live. */
const mostGraces = 12;

/** Called when watchers come and go. */
export interface InstanceViewHooks {
	/** The first watcher has begun. */
	start(): void;
	/** The last watcher has left. */
	stop(): void;
	/**
	 * The first watcher of a service has begun, after `start`. Undefined stands for watchers of all services. An adapter
	 * can now subscribe to the heartbeats of the service, so that they reach only processes that watch it.
	 */
	startService?(service: string | undefined): void;
	/** The last watcher of a service has left, before `stop`. */
	stopService?(service: string | undefined): void;
}

/**
 * The instances that a registry believes to be up while it is watched: the part that the registries of all backends
 * share. The backend keeps the view true with `put`, `delete` and `replace`; each watcher gets the differences at its
 * own pace. For authors of registries.
 *
 * A backend that is reached over a connection calls `pause` when it loses the connection and `resume` when it has it
 * back. The leases of everybody ran out together meanwhile, so an instance that is missing stays for a grace of one
 * time to live, in which it can register again. A thousand instances that register again at once may take longer, so
 * the grace lasts until none has come back for one time to live, and for 12 of them at most. An instance that is known
 * to have left of its own accord goes at once.
 */
export class InstanceView {
	readonly #hooks: InstanceViewHooks;
	#records = new Map<string, InstanceRecord>();
	/** The records by service, because many services may be watched, one by one. */
	#recordsOf = new Map<string, Map<string, InstanceRecord>>();
	readonly #watches = new Set<InstanceWatch>();
	/** The watches by service. Watches of all services are under undefined. */
	readonly #watchesOf = new Map<string | undefined, Set<InstanceWatch>>();
	/** The watches that have news to deliver. */
	#stirred = new Set<InstanceWatch>();
	/** The instances that stay only because of the grace. */
	readonly #missing = new Set<string>();
	/** Runs while there is a grace. It gives more time to a process that was suspended. */
	readonly #grace = new Renewals({
		ttlMs: Number.POSITIVE_INFINITY,
		expired: () => this.#endGrace(),
	});
	/** How long the grace lasts after the last instance came back. Undefined while the connection is lost. */
	#graceMs: number | undefined;
	/** When the grace ends in any case, by `performance.now()`. */
	#graceBound = 0;
	#ready = false;
	#closed = false;

	constructor(hooks: InstanceViewHooks) {
		this.#hooks = hooks;
	}

	/** Whether the view knows the instances that are up: true from the first `replace` after the first watcher began. */
	get ready(): boolean {
		return this.#ready;
	}

	/** Whether there is a watcher. */
	get watched(): boolean {
		return this.#watches.size > 0;
	}

	get(key: string): InstanceRecord | undefined {
		return this.#records.get(key);
	}

	/** The records of a service, or of all services. */
	records(service?: string): Iterable<InstanceRecord> {
		if (service === undefined) return this.#records.values();
		return this.#recordsOf.get(service)?.values() ?? [];
	}

	/** Notes that an instance is up. An equal record is not news. */
	put(record: InstanceRecord): void {
		if (this.#set(record)) this.#wake();
	}

	/**
	 * Notes that an instance is gone; `released` where it left of its own accord. During a grace, one that was not
	 * released stays until the end of the grace.
	 */
	delete(key: string, released = false): void {
		if (this.#lose(key, released)) this.#wake();
	}

	/**
	 * Notes all instances that are up. The first time, watchers get their snapshots. During a grace, an instance that is
	 * missing and was not released stays until the end of the grace.
	 *
	 * @param isReleased tells whether a missing instance left of its own accord, as far as that is known. It is called
	 * once for each missing instance.
	 */
	replace(records: Iterable<InstanceRecord>, isReleased: (key: string) => boolean = notKnown): void {
		const gone = new Set(this.#records.keys());
		for (const record of records) {
			gone.delete(record.key);
			this.#set(record);
		}
		for (const key of gone) if (!this.#missing.has(key)) this.#lose(key, isReleased(key));
		if (!this.#ready) this.#stirred = new Set(this.#watches);
		this.#ready = true;
		this.#wake();
	}

	/**
	 * Notes that the connection to the backend is lost. Known instances stay until `resume`. A grace that is running does
	 * not end before that.
	 */
	pause(): void {
		if (!this.#ready || !this.watched) return;
		this.#graceMs = undefined;
		this.#grace.renewed(grace, Number.POSITIVE_INFINITY);
	}

	/**
	 * Notes that the connection is back, and all instances that are up now. An instance that is missing stays until no
	 * missing instance has been put for `ttlMs`, and is then removed. The first snapshot after the first watcher began has
	 * nothing to compare with, so it is taken as it is.
	 *
	 * @param ttlMs the time to live of registrations, in milliseconds.
	 * @param isReleased as of `replace`.
	 */
	resume(
		records: Iterable<InstanceRecord>,
		ttlMs: number,
		isReleased: (key: string) => boolean = notKnown,
	): void {
		if (this.#ready && this.watched) {
			this.#graceMs = ttlMs;
			this.#graceBound = performance.now() + mostGraces * ttlMs;
			this.#grace.renewed(grace, ttlMs);
		}
		this.replace(records, isReleased);
	}

	/** Ends every watch with an error that its consumer sees. */
	fail(error: unknown): void {
		for (const watch of [...this.#watches]) watch.end({ error });
	}

	/** Begins when the first event is requested. Ends with the context, by a break, or by `close`. */
	watch(filter: RegistryFilter, ctx: Context): AsyncIterableIterator<RegistryEvent, undefined> {
		return new InstanceWatch(filter, ctx, {
			ready: () => this.#ready,
			get: (key) => this.get(key),
			records: (service) => this.records(service),
			join: (watch) => this.#join(watch),
			leave: (watch) => this.#leave(watch),
		});
	}

	/** Ends every watch, and every later one at once. */
	close(): void {
		this.#closed = true;
		for (const watch of [...this.#watches]) watch.end();
	}

	#join(watch: InstanceWatch): boolean {
		if (this.#closed) return false;
		this.#watches.add(watch);
		const others = entryOf(this.#watchesOf, watch.service, () => new Set());
		others.add(watch);
		if (this.#watches.size === 1) this.#hooks.start();
		if (others.size === 1) this.#hooks.startService?.(watch.service);
		return true;
	}

	#leave(watch: InstanceWatch): void {
		if (!this.#watches.delete(watch)) return;
		const others = this.#watchesOf.get(watch.service);
		others?.delete(watch);
		if (others?.size === 0) {
			this.#watchesOf.delete(watch.service);
			this.#hooks.stopService?.(watch.service);
		}
		if (this.#watches.size > 0) return;
		this.#ready = false;
		this.#records = new Map();
		this.#recordsOf = new Map();
		this.#missing.clear();
		this.#grace.clear();
		this.#hooks.stop();
	}

	#set(record: InstanceRecord): boolean {
		if (this.#missing.delete(record.key)) this.#prolongGrace();
		const before = this.#records.get(record.key);
		if (before?.text === record.text) return false;
		if (before !== undefined) this.#withdraw(before, false);
		this.#records.set(record.key, record);
		for (const { name } of record.instance.services) {
			entryOf(this.#recordsOf, name, () => new Map()).set(record.key, record);
		}
		this.#stir(record, false);
		return true;
	}

	/** Removes an instance, or keeps it as missing while there is a grace. */
	#lose(key: string, released: boolean): boolean {
		if (released || !this.#grace.has(grace)) return this.#remove(key, released);
		if (this.#records.has(key)) this.#missing.add(key);
		return false;
	}

	/** A missing instance has come back, so others may still be on their way. */
	#prolongGrace(): void {
		if (this.#graceMs === undefined || !this.#grace.has(grace)) return;
		const left = this.#graceBound - performance.now();
		if (left > 0) this.#grace.renewed(grace, Math.min(this.#graceMs, left));
	}

	#endGrace(): void {
		for (const key of this.#missing) this.#remove(key, false);
		this.#wake();
	}

	#remove(key: string, released: boolean): boolean {
		this.#missing.delete(key);
		const record = this.#records.get(key);
		if (record === undefined) return false;
		this.#records.delete(key);
		this.#withdraw(record, released);
		return true;
	}

	/** Removes a record from its services. */
	#withdraw(record: InstanceRecord, released: boolean): void {
		for (const { name } of record.instance.services) {
			const others = this.#recordsOf.get(name);
			others?.delete(record.key);
			if (others?.size === 0) this.#recordsOf.delete(name);
		}
		this.#stir(record, released);
	}

	/** Notes that a record came or went. */
	#stir({ key, instance }: InstanceRecord, released: boolean): void {
		for (const service of [undefined, ...instance.services.map(({ name }) => name)]) {
			for (const watch of this.#watchesOf.get(service) ?? []) {
				watch.changed(key, released);
				this.#stirred.add(watch);
			}
		}
	}

	#wake(): void {
		const stirred = this.#stirred;
		this.#stirred = new Set();
		for (const watch of stirred) watch.wake();
	}
}

function notKnown(): boolean {
	return false;
}

/** The value of a map under a key. It is made when there is none yet. */
function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
	const known = map.get(key);
	if (known !== undefined) return known;
	const made = make();
	map.set(key, made);
	return made;
}
