import type { Context } from "../context/context.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { InstanceWatch } from "./instance-watch.ts";
import type { RegistryEvent, RegistryFilter } from "./registry.ts";

/** Called when somebody begins to watch, and when nobody does any more. */
export interface InstanceViewHooks {
	start(): void;
	stop(): void;
}

/**
 * What a registry believes to be up while it is being watched: the part that the registries of all backends
 * share. The backend keeps it true with `put`, `delete` and `replace`; watchers get the differences, each at
 * its own pace. For authors of registries.
 */
export class InstanceView {
	readonly #hooks: InstanceViewHooks;
	#records = new Map<string, InstanceRecord>();
	readonly #watches = new Set<InstanceWatch>();
	#ready = false;
	#closed = false;

	constructor(hooks: InstanceViewHooks) {
		this.#hooks = hooks;
	}

	/** Whether it knows what is up: since the first `replace` after somebody began to watch. */
	get ready(): boolean {
		return this.#ready;
	}

	/** Whether somebody watches. */
	get watched(): boolean {
		return this.#watches.size > 0;
	}

	get(key: string): InstanceRecord | undefined {
		return this.#records.get(key);
	}

	records(): Iterable<InstanceRecord> {
		return this.#records.values();
	}

	/** Notes that an instance is up. A record that it has already is not news. */
	put(record: InstanceRecord): void {
		if (this.#set(record)) this.#wake();
	}

	/** Notes that an instance is gone. */
	delete(key: string): void {
		if (this.#remove(key)) this.#wake();
	}

	/** Notes all that is up. The first time, watchers get their snapshots. */
	replace(records: Iterable<InstanceRecord>): void {
		const gone = new Set(this.#records.keys());
		for (const record of records) {
			gone.delete(record.key);
			this.#set(record);
		}
		for (const key of gone) this.#remove(key);
		this.#ready = true;
		this.#wake();
	}

	/** Ends every watch with an error that its consumer sees. */
	fail(error: unknown): void {
		for (const watch of [...this.#watches]) watch.end({ error });
	}

	/** Begins when it is first asked for an event. Ends with the context, by a break, or by `close`. */
	watch(filter: RegistryFilter, ctx: Context): AsyncIterableIterator<RegistryEvent, undefined> {
		return new InstanceWatch(filter, ctx, {
			ready: () => this.#ready,
			get: (key) => this.get(key),
			records: () => this.records(),
			join: (watch) => this.#join(watch),
			leave: (watch) => this.#leave(watch),
		});
	}

	/** Ends every watch, and those to come. */
	close(): void {
		this.#closed = true;
		for (const watch of [...this.#watches]) watch.end();
	}

	#join(watch: InstanceWatch): boolean {
		if (this.#closed) return false;
		this.#watches.add(watch);
		if (this.#watches.size === 1) this.#hooks.start();
		return true;
	}

	#leave(watch: InstanceWatch): void {
		if (!this.#watches.delete(watch) || this.#watches.size > 0) return;
		this.#ready = false;
		this.#records = new Map();
		this.#hooks.stop();
	}

	#set(record: InstanceRecord): boolean {
		if (this.#records.get(record.key)?.text === record.text) return false;
		this.#records.set(record.key, record);
		for (const watch of this.#watches) watch.changed(record.key);
		return true;
	}

	#remove(key: string): boolean {
		if (!this.#records.delete(key)) return false;
		for (const watch of this.#watches) watch.changed(key);
		return true;
	}

	#wake(): void {
		for (const watch of [...this.#watches]) watch.wake();
	}
}
