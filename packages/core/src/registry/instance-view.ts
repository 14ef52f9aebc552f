import type { Context } from "../context/context.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { InstanceWatch } from "./instance-watch.ts";
import type { RegistryEvent, RegistryFilter } from "./registry.ts";

/** Called when the first watcher begins, and when the last one has left. */
export interface InstanceViewHooks {
	start(): void;
	stop(): void;
}

/**
 * The instances that a registry believes to be up while it is watched: the part that the registries of all backends
 * share. The backend keeps the view true with `put`, `delete` and `replace`; each watcher gets the differences at its
 * own pace. For authors of registries.
 */
export class InstanceView {
	readonly #hooks: InstanceViewHooks;
	#records = new Map<string, InstanceRecord>();
	/** The records by service, because many services may be watched, one by one. */
	#recordsOf = new Map<string, Map<string, InstanceRecord>>();
	readonly #watches = new Set<InstanceWatch>();
	/** The watches by service. Those of all services are under undefined. */
	readonly #watchesOf = new Map<string | undefined, Set<InstanceWatch>>();
	/** The watches that have news to deliver. */
	#stirred = new Set<InstanceWatch>();
	#ready = false;
	#closed = false;

	constructor(hooks: InstanceViewHooks) {
		this.#hooks = hooks;
	}

	/** Whether the view knows what is up: true from the first `replace` after the first watcher began. */
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

	/** Notes that an instance is gone; `released` where it left of its own accord. */
	delete(key: string, released = false): void {
		if (this.#remove(key, released)) this.#wake();
	}

	/**
	 * Notes all instances that are up. The first time, watchers get their snapshots.
	 *
	 * @param isReleased whether an instance that is gone left of its own accord, where that is known.
	 */
	replace(records: Iterable<InstanceRecord>, isReleased: (key: string) => boolean = notKnown): void {
		const gone = new Set(this.#records.keys());
		for (const record of records) {
			gone.delete(record.key);
			this.#set(record);
		}
		for (const key of gone) this.#remove(key, isReleased(key));
		if (!this.#ready) this.#stirred = new Set(this.#watches);
		this.#ready = true;
		this.#wake();
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
		entryOf(this.#watchesOf, watch.service, () => new Set()).add(watch);
		if (this.#watches.size === 1) this.#hooks.start();
		return true;
	}

	#leave(watch: InstanceWatch): void {
		if (!this.#watches.delete(watch)) return;
		const others = this.#watchesOf.get(watch.service);
		others?.delete(watch);
		if (others?.size === 0) this.#watchesOf.delete(watch.service);
		if (this.#watches.size > 0) return;
		this.#ready = false;
		this.#records = new Map();
		this.#recordsOf = new Map();
		this.#hooks.stop();
	}

	#set(record: InstanceRecord): boolean {
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

	#remove(key: string, released: boolean): boolean {
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
